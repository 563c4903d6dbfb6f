import socket
from datetime import UTC, datetime, timedelta

import pytest
import requests

from components.llm.gate.setback import (
    error_text,
    retry_after,
    setback_from_answer,
    setback_from_error,
    setback_from_words,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "failure_class"),
    [
        ((408, 425, 502, 503, 504), "starting"),
        ((429,), "busy"),
        ((500, 501, 521, 530), "suspect"),
        ((301, 307, 400, 401, 402, 403, 404, 405, 410, 413, 421, 422), "fatal"),
    ],
)
def test_every_status_has_its_class(statuses: tuple[int, ...], failure_class: str) -> None:
    assert {failure_class} == {setback_from_answer(status, {}, "said").failure_class for status in statuses}


@pytest.mark.parametrize(
    "said",
    [
        "model requires more system memory (3 GiB) than is available (1 GiB)",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
        "You are trying to access a gated repo.",
        "listen tcp 0.0.0.0:11434: bind: address already in use",
        "litellm.InternalServerError: AnthropicException - Cannot connect to host api.anthropic.com:443 ssl:<…>",
    ],
)
def test_words_that_time_does_not_heal_are_fatal_whatever_the_status(said: str) -> None:
    assert "fatal" == setback_from_answer(503, {}, said).failure_class
    assert (setback_from_words(said) or pytest.fail("not known")).next_step


@pytest.mark.parametrize(
    ("said", "check", "key"),
    [
        ('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser', "O16", "toolCallParser"),
        ("registry.ollama.ai/library/gemma3:1b does not support tools", "O16", "model"),
        ("image input is not supported - hint: you may need to provide the mmproj", "O18", "model"),
        ("request (99 tokens) exceeds the available context size (64 tokens)", "context", "contextLength"),
        ("This model's maximum context length is 64 tokens.", "context", "contextLength"),
        ("`inputs` must have less than 64 tokens. Given: 99", "context", "contextLength"),
    ],
)
def test_words_of_an_engine_name_the_check_they_fail_and_what_to_set(said: str, check: str, key: str) -> None:
    setback = setback_from_answer(500, {}, said).failing("C1")

    assert ("fatal", [(check, "fail", said)]) == (
        setback.failure_class,
        [(one.id, one.verdict, one.detail) for one in setback.checks],
    )
    assert f"llms.<llm>.{key} " in setback.next_step


def test_a_setback_that_names_no_check_fails_the_one_that_was_tried() -> None:
    assert ["C1"] == [check.id for check in setback_from_answer(500, {}, "oops").failing("C1").checks]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (402, "Insufficient credits. Add more using https://openrouter.ai/credits"),
        (429, "You exceeded your current quota, please check your plan and billing details."),
        (400, "Your credit balance is too low to access the Anthropic API."),
    ],
)
def test_an_account_without_credit_is_told_from_a_wrong_key_and_from_a_busy_server(status: int, said: str) -> None:
    setback = setback_from_answer(status, {"Retry-After": "1"}, said)

    assert ("fatal", True) == (setback.failure_class, setback.next_step.startswith("Add credit"))
    assert said in setback.answer


def test_a_key_that_the_provider_behind_litellm_refuses_is_not_taken_for_our_token() -> None:
    said = "litellm.AuthenticationError: AnthropicException - invalid x-api-key"

    assert "providerKeys.<llm>" in setback_from_answer(401, {}, said).next_step


def test_ordinary_words_are_no_verdict() -> None:
    assert setback_from_words("llama runner started in 2.1 seconds") is None


@pytest.mark.parametrize(("code", "failure_class"), [(socket.EAI_NONAME, "suspect"), (socket.EAI_AGAIN, "starting")])
def test_a_name_that_does_not_exist_is_told_from_a_resolver_that_fails(code: int, failure_class: str) -> None:
    error = requests.ConnectionError(socket.gaierror(code, "Name or service not known"))

    setback = setback_from_error(error, "https://llm.example.test/v1", said="…")

    assert (failure_class, "DNS: Name or service not known") == (setback.failure_class, setback.cause)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (requests.ConnectionError("wrapped", ConnectionRefusedError(111)), "connection refused"),
        (requests.ConnectionError("wrapped", ConnectionResetError(104)), "connection reset"),
        (requests.ConnectTimeout(TimeoutError()), "no connection in time"),
        (requests.ConnectionError("odd"), "as the library says"),
    ],
)
def test_a_connection_that_fails_is_a_server_that_starts(error: Exception, cause: str) -> None:
    setback = setback_from_error(error, "http://127.0.0.1/v1", said="as the library says")

    assert ("starting", cause) == (setback.failure_class, setback.cause)


def test_a_request_that_cannot_be_written_is_fatal() -> None:
    error = requests.exceptions.InvalidHeader("Invalid return character in header value")

    assert "fatal" == setback_from_error(error, "http://127.0.0.1/v1", said="…").failure_class


def test_errors_that_quote_each_other_in_a_circle_are_read_once() -> None:
    error = requests.ConnectionError("odd")
    error.__context__ = ConnectionRefusedError(111)
    error.__context__.__context__ = error

    assert "connection refused" == setback_from_error(error, "http://127.0.0.1/v1", said="…").cause


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0),
        ((NOW + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 90.0),
        ((NOW - timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 0.0),
        ("-1", None),
        ("abc", None),
        ("", None),
        ("Mon, 23 Nov 2026 12:00:00 -0000", None),
        ("Mon, 23 Nov 99999999999999999999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert seconds == retry_after(value, now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "told", "type": "api_error"}}',
        '{"error": "told", "error_type": "validation"}',
        '{"message": "told"}',
        "told",
    ],
)
def test_the_message_is_found_in_every_known_shape_of_error(body: str) -> None:
    assert "told" == error_text(body)


@pytest.mark.parametrize("body", ["", "[1]", '{"error": null}', '{"error": {"code": 5}}', "[" * 100_000])
def test_a_body_of_no_known_shape_is_its_own_message(body: str) -> None:
    assert body == error_text(body)

"""How a wait ends that does not end well; what must be caught, and by which words, is tests/fixtures/gate_cases."""

import re
import shlex
from typing import Any

import pytest

from components.llm.gate.failure import CannotServe, KeepsFailing, NotReady, StillBusy, StillStarting
from tests.fixtures.gate_cases.caught import OUT_OF_MEMORY
from tests.fixtures.scripted_llm import (
    COUNTING,
    ScriptedLlm,
    answer,
    drip_head,
    listing,
    ollama_routes,
    refuse,
    reset,
    stream,
)
from tests.fixtures.scripted_socket import Act
from tests.fixtures.waiting import TOKEN, Waiting


def refusal(waiting: Waiting, llm: ScriptedLlm, kind: type[NotReady], **others: Any) -> str:
    with llm, pytest.raises(NotReady) as caught:
        waiting.until_ready(llm, **others)
    assert kind is type(caught.value)
    return str(caught.value)


def test_what_will_not_heal_is_not_waited_for(waiting: Waiting) -> None:
    refusal(waiting, ScriptedLlm([refuse(500, OUT_OF_MEMORY)]), CannotServe)

    assert 0 == waiting.clock()


@pytest.mark.parametrize("status", [400, 404, 405, 422])
def test_a_valid_request_that_is_refused_will_be_refused_again(waiting: Waiting, status: int) -> None:
    assert f"HTTP {status} no chat template" in refusal(
        waiting, ScriptedLlm([refuse(status, "no chat template")]), CannotServe
    )


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("engine", ["other", "hosted"])
@pytest.mark.parametrize("lists", [True, False])
def test_a_refused_token_ends_the_wait_and_is_not_shown(
    waiting: Waiting, status: int, engine: str, *, lists: bool
) -> None:
    refused = refuse(status, f"Bearer {TOKEN} is unknown")
    llm = ScriptedLlm([refused], models=None if lists else refused)

    told = refusal(waiting, llm, CannotServe, engine=engine)

    assert f"HTTP {status}, our token was refused" in told
    assert f"Last answer: HTTP {status} Bearer [hidden] is unknown" in told
    assert "pulumi config set --secret --path llmTokens." in told.splitlines()[-1]


def test_a_refusal_tells_what_was_checked_and_the_failed_check_last(waiting: Waiting) -> None:
    cut = stream(*COUNTING[:3])
    with ScriptedLlm([stream(), cut]) as llm, pytest.raises(NotReady) as caught:
        waiting.until_ready(llm)

    told = {check.id: check.verdict for check in caught.value.checks}
    assert ("pass", "pass", "fail", "fail") == (told["transport"], told["C1"], told["C7"], told["C8"])
    assert ("C7", "the stream ended before finish_reason") == (
        caught.value.checks[-1].id,
        caught.value.checks[-1].detail,
    )


def test_a_wait_that_ends_before_any_check_names_its_phase(waiting: Waiting) -> None:
    with ScriptedLlm([stream()], closed=True) as llm, pytest.raises(NotReady) as caught:
        waiting.until_ready(llm)

    assert [("transport", "fail")] == [(check.id, check.verdict) for check in caught.value.checks]


def test_a_redirect_is_not_followed(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as elsewhere:
        login = answer(302, {}, Location=f"{elsewhere.root_url}/login?state={TOKEN}")

        told = refusal(waiting, ScriptedLlm([login]), CannotServe)

        assert "HTTP 302 redirects to http://127.0.0.1/login, a login page?" in told
        assert [] == elsewhere.asked


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (f"/login/{TOKEN}", "/login/[hidden]"),
        ("https://a/\x1b[2Jb", "https://a/b"),
    ],
)
def test_where_a_redirect_leads_is_told_without_secrets_whatever_it_is(
    waiting: Waiting, location: str, where: str
) -> None:
    told = refusal(waiting, ScriptedLlm([answer(302, {}, Location=location)]), CannotServe)

    assert f"HTTP 302 redirects to {where}, a login page?" in told


@pytest.mark.parametrize("engine", ["ollama", "other"])
def test_a_command_to_copy_quotes_the_models_name(waiting: Waiting, engine: str) -> None:
    """`doctor` takes the only name that a server lists, and whose server it is nobody knows."""
    name = "m'; touch owned; '"
    llm = ScriptedLlm([stream(), stream(*COUNTING[:3])], models=listing(name), routes=ollama_routes("another"))

    told = refusal(waiting, llm, CannotServe if engine == "ollama" else KeepsFailing, engine=engine, model=name)

    (command,) = re.findall(r"`(.*)`", told.splitlines()[-1])
    assert any(name in word for word in shlex.split(command))


def test_a_head_that_drips_for_ever_ends_at_the_limit_of_one_poll(waiting: Waiting) -> None:
    llm = ScriptedLlm([stream()], models=drip_head(lambda: waiting.clock.advance(0.1)))

    assert "no answer within 5 s" in refusal(waiting, llm, StillStarting, engine="hosted")


def test_a_server_that_never_starts_is_given_up_at_the_stall_limit_with_its_last_answer(waiting: Waiting) -> None:
    told = refusal(waiting, ScriptedLlm([stream()], closed=True), StillStarting)

    assert "for 180 s (phase transport, after 180." in told
    assert "Last answer: connection refused" in told
    assert "`pulumi config set --path llms.smol.ready.stallTimeoutS 360`" in told.splitlines()[-1]


def test_refusals_without_end_are_no_progress(waiting: Waiting) -> None:
    told = refusal(waiting, ScriptedLlm([refuse(503, "Loading model")]), StillStarting)

    assert "no byte, log line or phase change for 180 s" in told


@pytest.mark.parametrize("told_s", ["86400", "Wed, 01 Jan 2200 00:00:00 GMT"])
def test_a_server_that_is_busy_beyond_the_limit_is_not_waited_for(waiting: Waiting, told_s: str) -> None:
    told = refusal(waiting, ScriptedLlm([refuse(429, "quota", Retry_After=told_s)]), StillBusy)

    assert "Run `pulumi up` again in" in told.splitlines()[-1]
    assert 0 == waiting.clock()


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (refuse(503, "overloaded"), StillStarting),
        (refuse(500, "oops"), KeepsFailing),
        (refuse(429, "slow down"), StillBusy),
        (reset, StillStarting),
    ],
)
def test_a_hosted_endpoint_is_not_asked_twice(waiting: Waiting, act: Act, kind: type[NotReady]) -> None:
    llm = ScriptedLlm([act])

    refusal(waiting, llm, kind, engine="hosted")

    assert 1 == len(llm.chats())


def test_a_public_url_that_does_not_serve_fails_though_the_probe_url_does(waiting: Waiting) -> None:
    with ScriptedLlm([refuse(404, "no such tunnel")]) as public:
        told = refusal(waiting, ScriptedLlm([stream()]), CannotServe, public_url=public.base_url)

    assert told.startswith(f"{public.base_url} is not ready")
    assert "HTTP 404 no such tunnel (phase public," in told

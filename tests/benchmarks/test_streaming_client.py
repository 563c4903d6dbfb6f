import asyncio

import pytest

from benchmarks.streaming_client import Endpoint, Outcome, ask, hold, most_at_once
from tests.fixtures.scripted_llm import COUNTING, DONE, MODEL, ScriptedLlm, chunk, event, hang, refuse, reset, stream
from tests.fixtures.scripted_socket import TLS_FILES, Act, tls_context

NS_PER_S = 1_000_000_000
STAMPED = [chunk("One", sent_ns=1), chunk("two", sent_ns=1 + NS_PER_S)]


def asked(act: Act, *, limit_s: float = 10.0) -> Outcome:
    with ScriptedLlm([act]) as llm:
        return asyncio.run(ask(Endpoint(llm.base_url, MODEL, "sk-1"), limit_s=limit_s))


def test_the_request_names_model_and_token_and_asks_for_a_stream() -> None:
    with ScriptedLlm([stream()]) as llm:
        asyncio.run(ask(Endpoint(llm.base_url, "some-model", "sk-1"), max_tokens=5))
        (chat,) = llm.chats()

    assert chat.headers["authorization"] == "Bearer sk-1"
    assert {"model": "some-model", "stream": True, "max_tokens": 5}.items() <= chat.json().items()


def test_a_stream_that_ends_with_done_is_good_and_its_events_are_counted() -> None:
    outcome = asked(stream(b": still here\n\n", *COUNTING))

    assert outcome.ok
    assert (outcome.events, outcome.comments) == (6, 1)
    assert outcome.ttft_s is not None


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (stream(chunk("One"), end=False), "broken"),
        (stream(chunk("One")), "broken"),
        (stream(chunk("One"), event({"error": {"message": "out of memory"}}), DONE), "broken"),
        (stream(b"data: {not json\n\n"), "broken"),
        (refuse(503, "Loading model"), "status 503"),
        (refuse(401, "no such token"), "status 401"),
        (reset, "no answer"),
    ],
)
def test_a_stream_that_does_not_end_well_has_a_fault(act: Act, fault: str) -> None:
    assert asked(act).fault == fault


@pytest.mark.parametrize(("ca", "fault"), [("localhost.pem", ""), ("llm.example.test.crt", "refused")])
def test_https_is_verified_by_the_given_authority_alone(ca: str, fault: str) -> None:
    with ScriptedLlm([stream()], tls=tls_context("localhost.pem")) as llm:
        endpoint = Endpoint(llm.base_url.replace("127.0.0.1", "localhost"), MODEL, "sk-1", TLS_FILES / ca)

        assert asyncio.run(ask(endpoint)).fault == fault


def test_a_refusal_is_quoted() -> None:
    assert "Loading model" in asked(refuse(503, "Loading model")).detail


def test_a_server_that_hangs_costs_no_more_than_the_limit() -> None:
    outcome = asked(hang(lambda: None, chunk("One")), limit_s=0.2)

    assert (outcome.fault, outcome.events) == ("timed out", 1)


def test_nobody_listening_is_a_refused_connection() -> None:
    with ScriptedLlm([stream()], closed=True) as llm:
        assert asyncio.run(ask(Endpoint(llm.base_url, MODEL, "sk-1"))).fault == "refused"


def test_an_event_that_came_with_one_sent_much_later_was_buffered() -> None:
    assert asked(stream(b"".join(STAMPED), DONE)).buffered == 1


def test_events_sent_together_may_come_together() -> None:
    together = [chunk("One", sent_ns=5), chunk("two", sent_ns=6)]

    assert asked(stream(b"".join(together), DONE)).buffered == 0


def test_held_streams_are_open_together() -> None:
    with ScriptedLlm([stream()]) as llm:
        endpoint = Endpoint(llm.base_url, MODEL, "sk-1")
        outcomes = asyncio.run(hold(endpoint, streams=20, within_s=0.1, limit_s=10, max_tokens=8))

    assert [each.ok for each in outcomes] == [True] * 20


def test_streams_count_as_held_from_their_first_event_to_their_end() -> None:
    overlapping = [Outcome("", 0, 10, ttft_s=1), Outcome("", 5, 20, ttft_s=1), Outcome("", 9, 20, ttft_s=2)]

    assert most_at_once(overlapping) == 2
    assert most_at_once([*overlapping, Outcome("refused", 6, 7)]) == 2


def test_no_token_is_printed() -> None:
    assert "sk-secret" not in repr(Endpoint("http://127.0.0.1/v1", MODEL, "sk-secret"))

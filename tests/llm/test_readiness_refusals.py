"""What must not pass for ready, and what the person is told then."""

import gzip
from typing import Any

import pytest

from components.llm.failure import CannotServe, KeepsFailing, NotReady, StillBusy, StillStarting
from components.llm.readiness import Budget
from tests.fixtures.scripted_llm import (
    COUNTING,
    DONE,
    MODEL,
    ROLE,
    ScriptedLlm,
    answer,
    chunk,
    compressed_burst,
    drip,
    drip_head,
    event,
    hang,
    listing,
    ollama_routes,
    raw_answer,
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


OUT_OF_MEMORY = "model requires more system memory (11.5 GiB) than is available (1.9 GiB)"
ERROR_EVENT = event({"error": {"message": "CUDA error: device lost", "code": 500}})
CUT_EVENT = b'data: {"id": "chatcm'


def test_an_ollama_without_the_model_says_how_to_pull_it(waiting: Waiting) -> None:
    llm = ScriptedLlm([stream()], routes=ollama_routes("llama3.2:1b"))

    told = refusal(waiting, llm, CannotServe, engine="ollama", container_id=None)

    assert f"is not ready for '{MODEL}': Ollama has llama3.2:1b (phase model," in told
    assert told.endswith(f"Pull it: `ollama pull {MODEL}`.")


def test_a_model_that_does_not_fit_into_memory_is_given_up_at_once(waiting: Waiting) -> None:
    told = refusal(waiting, ScriptedLlm([refuse(500, OUT_OF_MEMORY)]), CannotServe)

    assert OUT_OF_MEMORY in told
    assert told.endswith("Choose a smaller model, or `pulumi config set --path llms.smol.memory <more>`.")
    assert 0 == waiting.clock()


def test_a_model_name_the_server_does_not_know_is_answered_with_those_it_serves(waiting: Waiting) -> None:
    llm = ScriptedLlm([refuse(404, "model not found")], models=listing("a", "b"))

    assert "HTTP 404 model not found; it serves a, b" in refusal(waiting, llm, CannotServe)


def test_a_server_that_answers_under_any_name_does_not_prove_ours(waiting: Waiting) -> None:
    told = refusal(waiting, ScriptedLlm([stream()], models=listing("the-real-name")), CannotServe)

    assert "it answers under any model name, and lists the-real-name" in told


@pytest.mark.parametrize("status", [400, 404, 405, 422])
def test_a_valid_request_that_is_refused_will_be_refused_again(waiting: Waiting, status: int) -> None:
    assert f"HTTP {status} no chat template" in refusal(
        waiting, ScriptedLlm([refuse(status, "no chat template")]), CannotServe
    )


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("where", ["models", "chat"])
def test_a_refused_token_ends_the_wait_and_is_not_shown(waiting: Waiting, status: int, where: str) -> None:
    refused = refuse(status, f"Bearer {TOKEN} is unknown")
    llm = ScriptedLlm([refused if where == "chat" else stream()], models=refused if where == "models" else None)

    told = refusal(waiting, llm, CannotServe)

    assert f"HTTP {status}, our token was refused" in told
    assert f"Last answer: HTTP {status} Bearer [hidden] is unknown" in told
    assert "pulumi config set --secret --path llmTokens." in told.splitlines()[-1]


BROKEN_STREAMS = [
    pytest.param(stream(*COUNTING[:3]), KeepsFailing, "C7: the stream ended before finish_reason", id="cut"),
    pytest.param(stream(*COUNTING[:3], end=False), KeepsFailing, "C7: the connection broke before", id="reset"),
    pytest.param(stream(*COUNTING[:2], CUT_EVENT), KeepsFailing, "C2: the last event was cut", id="mid-event"),
    pytest.param(stream(*COUNTING[:-1]), KeepsFailing, "C8: the stream ended without 'data: [DONE]'", id="no DONE"),
    pytest.param(stream(*COUNTING[:3], ERROR_EVENT, DONE), KeepsFailing, "CUDA error: device lost", id="error, DONE"),
    pytest.param(stream(ERROR_EVENT), KeepsFailing, "CUDA error: device lost", id="200 with error event"),
    pytest.param(stream(ROLE, chunk(finish="stop"), DONE), KeepsFailing, "C6: the stream held no text", id="empty"),
    pytest.param(stream(b"x" * (10 << 20)), CannotServe, "longer than 1048576 bytes", id="10 MB line"),
    pytest.param(
        raw_answer(
            200,
            gzip.compress((b":" + b"x" * 98 + b"\n") * 50_000),
            Content_Type="text/event-stream",
            Content_Encoding="gzip",
        ),
        CannotServe,
        "larger than 4194304 bytes",
        id="gzip bomb",
    ),
    pytest.param(
        stream(*[b": " + b"x" * 99_997 + b"\n"] * 50), CannotServe, "larger than 4194304 bytes", id="large body"
    ),
]


@pytest.mark.parametrize(("act", "kind", "told"), BROKEN_STREAMS)
def test_a_broken_stream_is_not_ready(waiting: Waiting, act: Act, kind: type[NotReady], told: str) -> None:
    assert told in refusal(waiting, ScriptedLlm([stream(), act]), kind)


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


def test_json_in_place_of_a_stream_is_given_up_at_once_with_a_command_to_see_it(waiting: Waiting) -> None:
    complete = answer(200, {"object": "chat.completion", "choices": []})

    told = refusal(waiting, ScriptedLlm([stream(), complete]), CannotServe)

    assert "C1: not SSE: HTTP 200 application/json" in told
    assert "`curl -N http" in told.splitlines()[-1]
    assert TOKEN not in told


def test_a_gateway_that_answers_200_with_nothing_is_not_ready(waiting: Waiting) -> None:
    assert "HTTP 200 with an empty body" in refusal(waiting, ScriptedLlm([raw_answer(200, b"")]), KeepsFailing)


def test_a_stream_that_arrives_in_one_burst_points_at_the_proxy(waiting: Waiting) -> None:
    burst = stream(b"".join(COUNTING), before_each=lambda: waiting.clock.advance(5))

    told = refusal(waiting, ScriptedLlm([stream(), burst]), KeepsFailing)

    assert "C10: text arrived from 5.00 s to 5.00 s: one burst, buffered by a proxy" in told
    assert "proxy_buffering off" in told.splitlines()[-1]


def test_a_stream_that_a_proxy_compresses_as_a_whole_is_a_burst(waiting: Waiting) -> None:
    burst = compressed_burst(lambda: waiting.clock.advance(5))

    assert "one burst (gzip encoded)" in refusal(waiting, ScriptedLlm([stream(), burst]), KeepsFailing)


def test_a_redirect_is_not_followed(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as elsewhere:
        login = answer(302, {}, Location=f"{elsewhere.root_url}/login?state={TOKEN}")

        told = refusal(waiting, ScriptedLlm([login]), CannotServe)

        assert "HTTP 302 redirects to http://127.0.0.1/login, a login page?" in told
        assert [] == elsewhere.asked


def test_an_endpoint_that_flaps_is_given_up_after_two_more_chances(waiting: Waiting) -> None:
    flapping = [stream(), stream(), reset, stream(), reset, stream(), reset]

    assert "connection reset (failed 3 times)" in refusal(waiting, ScriptedLlm(flapping), KeepsFailing)


def test_a_server_that_answers_only_the_first_request_is_not_ready(waiting: Waiting) -> None:
    assert "connection reset" in refusal(waiting, ScriptedLlm([stream(), stream(), reset]), KeepsFailing)


def test_an_endpoint_that_hangs_in_the_middle_of_a_stream_has_stalled(waiting: Waiting) -> None:
    llm = ScriptedLlm([stream(), hang(lambda: waiting.clock.advance(5), *COUNTING[:3])])

    told = refusal(waiting, llm, StillStarting, budget=Budget(stall_timeout_s=60))

    assert "no byte, log line or phase change for 60 s (phase stream" in told


def test_a_stream_that_drips_for_ever_ends_at_the_overall_limit(waiting: Waiting) -> None:
    llm = ScriptedLlm([stream(), drip(lambda: waiting.clock.advance(1))])

    assert "not ready within 300 s" in refusal(waiting, llm, StillStarting, budget=Budget(timeout_s=300))


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


def test_a_first_token_above_the_budget_fails_when_asked_to(waiting: Waiting) -> None:
    slow = stream(before_each=waiting.clock.pace(1))

    told = refusal(
        waiting, ScriptedLlm([slow]), CannotServe, budget=Budget(ttft_budget_s=1.5, ttft_budget_action="fail")
    )

    assert "first token after 2.00 s when warm; 1.5 s are wanted" in told


def test_a_public_url_that_does_not_serve_fails_though_the_probe_url_does(waiting: Waiting) -> None:
    with ScriptedLlm([refuse(404, "no such tunnel")]) as public:
        told = refusal(waiting, ScriptedLlm([stream()]), CannotServe, public_url=public.base_url)

    assert told.startswith(f"{public.base_url} is not ready")
    assert "HTTP 404 no such tunnel (phase public," in told

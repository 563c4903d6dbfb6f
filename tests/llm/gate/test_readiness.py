"""What makes an endpoint ready, and how the way there is waited for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.llm.gate.failure import StillBusy
from components.llm.gate.readiness import Budget
from components.llm.gate.wait import pause_s
from tests.fixtures.conforming import conforming, kind_of
from tests.fixtures.scripted_llm import (
    DONE,
    MODEL,
    ROLE,
    ScriptedLlm,
    chunk,
    listing,
    ollama_routes,
    raw_answer,
    refuse,
    reset,
    stream,
)
from tests.fixtures.scripted_socket import Act
from tests.fixtures.waiting import TOKEN, Waiting, talks, verdicts


def test_a_good_endpoint_is_called_as_trugen_will_call_it(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm:
        waiting.until_ready(llm)

    asked = talks(llm)[-1]
    assert f"Bearer {TOKEN}" == asked.headers["authorization"]
    assert (MODEL, True) == (asked.json()["model"], asked.json()["stream"])


def test_the_first_request_only_warms_and_then_the_wanted_number_of_streams_passes(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm:
        waiting.until_ready(llm, budget=Budget(successes=3))

    assert [1, 16, 16, 16] == [asked.json()["max_tokens"] for asked in talks(llm)]


def test_the_time_to_first_token_is_told_apart_cold_and_warm(waiting: Waiting) -> None:
    loading = stream(before_each=waiting.clock.pace(40, 0))
    quick, slow = (stream(before_each=waiting.clock.pace(pause_s)) for pause_s in (0.1, 0.2))
    with ScriptedLlm([loading, quick, quick, slow]) as llm:
        evidence = waiting.until_ready(llm, budget=Budget(successes=3))

    assert {"cold": 40.0, "warm_p50": 0.2, "warm_p95": 0.4} == evidence.as_dict()["ttft_s"]


def test_evidence_holds_what_was_seen_and_no_secret(waiting: Waiting) -> None:
    echoing = stream(ROLE, chunk(f"Your token is {TOKEN}"), chunk(" and more"), chunk(finish="stop"), DONE)
    with ScriptedLlm([echoing]) as llm:
        evidence = waiting.until_ready(llm).as_dict()

    assert (llm.base_url, MODEL, "other", "2") == tuple(
        evidence[key] for key in ("base_url", "model", "engine", "probe_version")
    )
    assert "Your token is [hidden] and more" in [check["detail"] for check in evidence["checks"]]
    assert TOKEN not in repr(evidence)


def test_what_an_ollama_model_can_do_is_part_of_the_evidence(waiting: Waiting) -> None:
    with ScriptedLlm([stream()], routes=ollama_routes(MODEL, capabilities=["completion", "tools"])) as llm:
        evidence = waiting.until_ready(llm, engine="ollama")

    assert {"features": ["completion", "tools"], "max_context_tokens": 8192} == evidence.capabilities


@settings(deadline=None, max_examples=12)
@given(st.floats(0, 10))
def test_an_endpoint_that_starts_within_10_s_is_noticed_within_a_quarter_second(starts_at_s: float) -> None:
    assert noticed_after_s(starts_at_s) <= 0.25


@settings(deadline=None, max_examples=8)
@given(st.floats(10, 100))
def test_an_endpoint_that_starts_later_is_noticed_within_2_s(starts_at_s: float) -> None:
    assert noticed_after_s(starts_at_s) <= 2


def noticed_after_s(starts_at_s: float) -> float:
    """Polls only: the clock stands still while a request is answered."""
    waiting = Waiting()
    with ScriptedLlm([stream()], closed=True) as llm:
        waiting.clock.at(starts_at_s, llm.open)
        waiting.until_ready(llm)
    return waiting.clock() - starts_at_s


def test_polls_slow_down_to_less_than_2_s() -> None:
    assert [0.1, 0.1, 0.2, 0.4, 0.8, 1.6, 1.6] == [pause_s(at_s) for at_s in (0, 9.9, 10, 11, 12, 13, 1000)]


@pytest.mark.parametrize("status", [408, 425, 502, 503, 504])
def test_a_server_that_says_it_is_loading_is_waited_for(waiting: Waiting, status: int) -> None:
    with ScriptedLlm([refuse(status, "Loading model")] * 12 + [stream()]) as llm:
        waiting.until_ready(llm)

    assert f"warm: HTTP {status} Loading model (1 s)" in waiting.progress


def test_a_connection_that_is_reset_is_a_server_that_starts(waiting: Waiting) -> None:
    with ScriptedLlm([reset, reset, stream()]) as llm:
        assert "fail" not in verdicts(waiting.until_ready(llm)).values()


def test_every_phase_and_second_shows_a_line(waiting: Waiting) -> None:
    with ScriptedLlm([stream()], closed=True) as llm:
        waiting.clock.at(2.5, llm.open)
        waiting.until_ready(llm)

    assert [
        "transport (0 s)",
        "transport: connection refused (1 s)",
        "transport: connection refused (2 s)",
        "warm (3 s)",
        "stream (3 s)",
        "refusals (3 s)",
        "auth (3 s)",
    ] == waiting.progress


def test_a_busy_server_is_asked_again_when_it_said(waiting: Waiting) -> None:
    with ScriptedLlm([stream(), refuse(429, "queue full", Retry_After="200"), stream()]) as llm:
        waiting.until_ready(llm)

    assert 200 == waiting.clock()


@pytest.mark.parametrize("told", ["-1", "abc", "0"])
def test_a_senseless_retry_after_does_not_make_a_busy_loop(waiting: Waiting, told: str) -> None:
    with ScriptedLlm([refuse(429, "queue full", Retry_After=told), stream()]) as llm:
        waiting.until_ready(llm)

    assert waiting.clock() >= 0.1


def test_an_error_500_is_given_two_more_chances(waiting: Waiting) -> None:
    with ScriptedLlm([stream(), refuse(500, "hiccup"), refuse(500, "hiccup"), stream()]) as llm:
        assert "fail" not in verdicts(waiting.until_ready(llm)).values()


def test_successes_have_to_come_in_a_row(waiting: Waiting) -> None:
    flapping = [stream(), stream(), refuse(500, "flap"), stream()]
    with ScriptedLlm(flapping) as llm:
        waiting.until_ready(llm)

    assert [1, 16, 16, 16, 16] == [asked.json()["max_tokens"] for asked in talks(llm)]


def test_the_public_url_is_proven_too_and_gives_the_figures(waiting: Waiting) -> None:
    slow = stream(before_each=waiting.clock.pace(0.1))
    with ScriptedLlm([stream()]) as llm, ScriptedLlm([slow]) as public:
        evidence = waiting.until_ready(llm, public_url=public.base_url)

    assert (public.base_url, 2) == (evidence.base_url, len(talks(public)))
    assert {"C1", "public.C1"} <= verdicts(evidence).keys()
    assert pytest.approx(0.2) == evidence.ttft_s.warm_p50


def test_a_public_url_may_still_be_starting_when_the_server_is_up(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm, ScriptedLlm([stream()], closed=True) as public:
        waiting.clock.at(30, public.open)

        assert waiting.until_ready(llm, public_url=public.base_url).base_url == public.base_url


def test_a_hosted_endpoint_is_asked_for_its_models_one_stream_and_two_refusals(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)], models=listing(MODEL, "another")) as llm:
        evidence = waiting.until_ready(llm, engine="hosted", budget=Budget(successes=5))

    assert ["/v1/models", *["/v1/chat/completions"] * 3] == [asked.path for asked in llm.asked]
    assert ["text", "stranger", "stranger"] == [kind_of(asked, token=TOKEN) for asked in llm.chats()]
    assert evidence.ttft_s.cold is None


@pytest.mark.parametrize("engine", ["hosted", "litellm"])
@pytest.mark.parametrize("refusal", [refuse(429, "slow down", Retry_After="0"), refuse(503, "soon", Retry_After="1")])
def test_whoever_charges_is_not_asked_in_a_loop_though_it_names_a_time_again_and_again(
    waiting: Waiting, engine: str, refusal: Act
) -> None:
    with ScriptedLlm([refusal]) as llm, pytest.raises(StillBusy, match="asked 4 times"):
        waiting.until_ready(llm, engine=engine)

    assert 4 == len(llm.chats())


def test_a_hosted_endpoint_that_names_a_time_is_asked_again_then(waiting: Waiting) -> None:
    with ScriptedLlm([refuse(429, "slow down", Retry_After="7"), stream()]) as llm:
        waiting.until_ready(llm, engine="hosted", budget=Budget(timeout_s=60))

    assert (7, 2) == (waiting.clock(), len(talks(llm)))


@pytest.mark.parametrize(
    ("models", "verdict"),
    [
        (listing(MODEL), "pass"),
        (refuse(404, "no route"), "unknown"),
        # Anthropic lists to `x-api-key` alone, and a gateway may let only chat through.
        (refuse(401, "x-api-key header is required"), "unknown"),
        (refuse(403, "forbidden"), "unknown"),
        (raw_answer(200, b"<html>"), "unknown"),
    ],
)
def test_a_listing_confirms_the_model_name_and_its_absence_is_noted(
    waiting: Waiting, models: object, verdict: str
) -> None:
    with ScriptedLlm([stream()], models=models) as llm:  # type: ignore[arg-type]  # parametrize loses the type
        assert verdict == verdicts(waiting.until_ready(llm))["model"]


def test_an_unlisted_name_is_an_alias_when_other_names_are_refused(waiting: Waiting) -> None:
    with ScriptedLlm([stream()] * 3 + [refuse(404, "no such model")], models=listing("the-real-name")) as llm:
        assert "warn" == verdicts(waiting.until_ready(llm))["model"]


@pytest.mark.parametrize(("budget_s", "verdict"), [(None, "warn"), (3.0, "pass"), (1.0, "warn")])
def test_the_first_token_of_warm_requests_is_held_to_the_budget(
    waiting: Waiting, budget_s: float | None, verdict: str
) -> None:
    slow = [stream(before_each=waiting.clock.pace(2, 0.2)) for _ in range(2)]
    with ScriptedLlm([stream(), *slow]) as llm:
        evidence = waiting.until_ready(llm, budget=Budget(ttft_budget_s=budget_s))

    assert verdict == verdicts(evidence)["ttft"]

from typing import Any

import pytest

from components.llm.gate.checks import Verdict, fault_of, judge
from components.llm.gate.recording import Recording
from tests.fixtures.recordings import DONE, GOOD, USAGE, chunk, delta, recording


def not_passed(judged: Recording) -> dict[str, Verdict]:
    return {check.id: check.verdict for check in judge(judged) if check.verdict != "pass"}


def detail(judged: Recording, id_: str) -> str:
    return next(check.detail for check in judge(judged) if check.id == id_)


def test_a_good_stream_passes_all_eleven_checks() -> None:
    ids = [*(f"C{number}" for number in range(1, 11)), "S11"]

    assert [(id_, "pass") for id_ in ids] == [(check.id, check.verdict) for check in judge(recording(GOOD))]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([delta(reasoning="hm"), delta(reasoning="mm"), delta(finish="length"), USAGE, DONE], id="ollama"),
        pytest.param([delta(reasoning_content="hm"), delta(finish="length"), USAGE, DONE], id="llama.cpp"),
    ],
)
def test_output_of_reasoning_only_passes(events: list[Any]) -> None:
    assert "fail" not in not_passed(recording(events)).values()


@pytest.mark.parametrize("choices", [[], None, [{"index": 0, "delta": {}}], [{}]])
def test_a_usage_chunk_may_have_no_choice_or_an_empty_one(choices: Any) -> None:
    usage = {**USAGE, "choices": choices}

    assert {} == not_passed(recording([*GOOD[:-2], usage, DONE]))


def test_role_on_every_chunk_and_empty_ids_pass_as_tgi_sends_them() -> None:
    texts = [{**delta(text, role="assistant"), "id": ""} for text in ("One", ", two")]

    assert {} == not_passed(recording([*texts, delta("", "stop", role="assistant"), USAGE, DONE]))


def test_finish_reason_may_ride_on_the_last_empty_delta_as_old_ollama_sends_it() -> None:
    assert {} == not_passed(recording([delta("One"), delta(" two"), delta("", "stop"), USAGE, DONE]))


def test_a_first_chunk_of_azure_with_empty_choices_passes() -> None:
    assert {} == not_passed(recording([chunk([], prompt_filter_results=[]), *GOOD]))


def test_json_instead_of_a_stream_fails_and_no_further_check_is_claimed() -> None:
    answered = Recording(status=200, content_type="application/json", body='{"choices": []}')

    assert [("C1", "fail", "not SSE: HTTP 200 application/json")] == [
        (check.id, check.verdict, check.detail) for check in judge(answered)
    ]


def test_an_empty_body_is_told_from_a_wrong_one() -> None:
    assert "empty body" in detail(Recording(status=200, content_type=""), "C1")


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ({"unfinished": 'data: {"id'}, "C2"),
        ({"ending": "oversized", "fault": "a line of the stream is longer than 1048576 bytes"}, "C2"),
    ],
)
def test_a_stream_cut_within_an_event_or_too_large_is_no_framing(fault: dict[str, Any], found: str) -> None:
    assert {found: "fail"} == not_passed(recording(GOOD, **fault))


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ("{not json", "event 2 is not JSON"),
        ("[1]", "event 2 is a JSON list"),
        ("[" * 100_000, "event 2 is not JSON"),
        ({"object": "chat.completion.chunk", "choices": []}, "event 2 lacks id, created, model"),
        (chunk([], object="chat.completion"), "event 2 is a 'chat.completion', not"),
        (chunk({}), "event 2 has choices that are no list"),
    ],
)
def test_every_event_has_to_be_a_chunk(odd: Any, told: str) -> None:
    judged = recording([GOOD[0], odd, *GOOD[1:]])

    assert {"C3": "fail"} == not_passed(judged)
    assert told in detail(judged, "C3")


@pytest.mark.parametrize("choice", [{"index": 1, "delta": {}}, {"index": 0, "delta": "One"}])
def test_another_choice_or_a_delta_that_is_no_object_fails(choice: dict[str, Any]) -> None:
    assert {"C4": "fail"} == not_passed(recording([*GOOD[:3], chunk([choice]), *GOOD[3:]]))


def test_a_foreign_role_is_a_warning() -> None:
    assert {"C5": "warn"} == not_passed(recording([delta("", role="user"), *GOOD[1:]]))


def test_empty_output_fails() -> None:
    assert "fail" == not_passed(recording([GOOD[0], delta(" \n"), delta(finish="stop"), USAGE, DONE]))["C6"]


def test_only_a_sample_of_the_generated_text_is_kept() -> None:
    sample = detail(recording([delta("word " * 50), delta("end"), delta(finish="stop"), USAGE, DONE]), "C6")

    assert (60, "word word") == (len(sample), sample[:9])


def test_a_stream_cut_before_finish_reason_fails() -> None:
    cut = recording(GOOD[:3], ending="broken", fault="Connection broken")

    assert {"C7": "fail", "C8": "fail", "S11": "warn"} == not_passed(cut)
    assert "the connection broke before finish_reason" == detail(cut, "C7")


@pytest.mark.parametrize(
    ("reasons", "verdict"), [(["stop", "stop"], "warn"), (["error"], "fail"), ([{"type": "stop"}], "fail")]
)
def test_finish_reason_is_one_known_word(reasons: list[Any], verdict: str) -> None:
    ends = [delta(finish=reason) for reason in reasons]

    assert {"C7": verdict} == not_passed(recording([*GOOD[:4], *ends, USAGE, DONE]))


@pytest.mark.parametrize("role", ["user", ["assistant"], {"assistant": 1}])
def test_another_role_is_a_warning(role: Any) -> None:
    assert {"C5": "warn"} == not_passed(recording([delta("One", role=role), *GOOD[1:]]))


def test_a_number_of_tokens_beyond_all_reason_is_none() -> None:
    usage = {**USAGE, "usage": {"prompt_tokens": 10**400, "completion_tokens": 10**400, "total_tokens": 1}}
    odd = recording([*GOOD[:-2], usage, DONE])

    assert {"S11": "warn"} == not_passed(odd)
    assert (None, True) == (odd.prompt_tokens, (odd.tokens_per_s or 0) < 10**6)


def test_a_missing_done_fails() -> None:
    assert {"C8": "fail"} == not_passed(recording(GOOD[:-1]))


def test_events_after_done_fail() -> None:
    assert {"C8": "fail"} == not_passed(recording([*GOOD[:-2], DONE, USAGE]))


@pytest.mark.parametrize(("others", "events"), [({"unfinished": DONE}, GOOD[:-1]), ({"ending": "open"}, GOOD)])
def test_a_done_without_blank_line_or_end_is_a_warning(others: dict[str, Any], events: list[Any]) -> None:
    assert {"C8": "warn"} == not_passed(recording(events, **others))


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "CUDA error", "code": 500}},
        {"error": "CUDA error"},
        {"error": {"text": "CUDA error"}},
        {"object": "error", "message": "CUDA error", "code": 500},
    ],
)
def test_an_error_event_fails_though_done_follows(error: dict[str, Any]) -> None:
    judged = recording([*GOOD[:4], error, delta(finish="stop"), USAGE, DONE])

    assert {"C9": "fail"} == not_passed(judged)
    assert "CUDA error" in detail(judged, "C9")


def test_one_burst_at_the_end_is_a_buffering_proxy() -> None:
    burst = recording(GOOD, times=[5.0 + 0.0005 * number for number in range(len(GOOD))], content_encoding="gzip")

    assert {"C10": "fail"} == not_passed(burst)
    assert "text arrived from 5.00 s to 5.00 s: one burst (gzip encoded), buffered by a proxy" == detail(burst, "C10")


def test_a_long_wait_for_the_first_token_is_no_burst_when_the_rest_comes_piece_by_piece() -> None:
    words = [delta(f" {number}") for number in range(12)]
    late = recording([*words, *GOOD[4:]], times=[5.0 + 0.02 * number for number in range(len(words) + 3)])

    assert {} == not_passed(late)


@pytest.mark.parametrize("pieces_a_read", [1, 4])
def test_the_fastest_engines_behind_a_queue_leave_it_open_and_are_not_refused(pieces_a_read: int) -> None:
    words = [delta(f" {number}") for number in range(16)]
    times = [0.5 + 0.0012 * (number - number % pieces_a_read) for number in range(16)]

    fast = recording([*words, *GOOD[4:]], times=[*times, *[times[-1]] * 3])

    assert {"C10": "warn"} == not_passed(fast)
    assert "too quick to tell streaming from one burst" in detail(fast, "C10")


def test_a_burst_in_two_reads_is_one() -> None:
    words = [delta(f" {number}") for number in range(16)]
    times = [5.0] * 8 + [5.02] * 8

    assert {"C10": "fail"} == not_passed(recording([*words, *GOOD[4:]], times=[*times, *[5.02] * 3]))


def test_an_answer_too_quick_to_judge_is_a_warning() -> None:
    assert {"C10": "warn"} == not_passed(recording(GOOD, times=[0.1] * len(GOOD)))


@pytest.mark.parametrize(
    ("text", "verdict"), [("One", "warn"), ("One, two, three, four, five, six, seven, eight", "fail")]
)
def test_a_whole_answer_in_one_chunk_is_an_imitated_stream(text: str, verdict: str) -> None:
    assert {"C10": verdict} == not_passed(recording([delta(text), *GOOD[4:]]))


@pytest.mark.parametrize(
    "usage", [None, {"total_tokens": 3}, {"prompt_tokens": 1, "completion_tokens": "x", "total_tokens": 3}]
)
def test_missing_usage_is_a_warning(usage: Any) -> None:
    assert {"S11": "warn"} == not_passed(recording([*GOOD[:-2], chunk([], usage=usage), DONE]))


def test_speed_and_gaps_are_measured_between_pieces_of_text() -> None:
    judged = recording(GOOD, times=[0.1, 0.3, 0.4, 0.8, 0.9, 0.9, 0.9])

    assert 0.3 == judged.ttft_s
    assert pytest.approx(0.4) == judged.longest_gap_s
    assert pytest.approx(4.0) == judged.tokens_per_s


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        (GOOD, None),
        ([delta("", role="assistant"), delta(finish="tool_calls"), DONE], None),
        (GOOD[:-1], "C8"),
        ([*GOOD[:-3], USAGE, DONE], "C7"),
        ([{"error": "CUDA error"}, DONE], "C7"),
    ],
)
def test_a_stream_without_text_or_usage_can_still_be_a_whole_one(events: list[Any], fault: str | None) -> None:
    found = fault_of(recording(events))

    assert fault == (found.id if found else None)


def test_the_length_of_the_prompt_is_the_last_that_was_reported() -> None:
    assert (9, None) == (recording(GOOD).prompt_tokens, recording(GOOD[:-2]).prompt_tokens)

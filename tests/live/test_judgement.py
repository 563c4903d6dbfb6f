"""Verdicts on recorded answers that the sandbox never gives."""

from pathlib import Path
from typing import Any

import pytest

from components.live.answer import Answer
from components.live.judgement import judged
from components.live.recording import Recording, Write, Written
from components.live.rows import ROWS
from components.live.verdict import Verdict

NO_ANSWER = Answer(0, "30 s passed")
HTML = Answer(404, "<html>", None)


def verdict(row: int, **answers: Any) -> Verdict:
    return {known.number: found for known, found in judged(Recording(**answers))}[row]


def on_throwaway(row: int, **steps: Any) -> Verdict:
    return verdict(row, written=Written("throwaway", **steps))


def put(sent: dict[str, Any], shown: dict[str, Any] | None, status: int = 200) -> Write:
    return Write(sent, Answer(status, "because"), [Answer(200)], shown)


def agent(**members: Any) -> dict[str, Any]:
    llm = {"provider": "custom", "model": "trugen-llm-live-check"}
    return {"id": "a", "avatars": [{"persona_name": "p", "config": {"llm": llm}}], **members}


def test_nothing_recorded_leaves_every_row_unknown() -> None:
    assert {found.outcome for _, found in judged(Recording())} == {"unknown"}
    assert {found.outcome for _, found in judged(Recording(written=Written("n")))} == {"unknown"}


def test_calls_without_an_answer_leave_every_row_unknown() -> None:
    reads = ("avatars", "page", "item", "malformed", "missing", "providers", "knowledge_bases", "tools")
    lost = Write({}, NO_ANSWER)
    steps = ("create", "replace", "extras", "unknown_member", "call_ended", "plain_http")
    writes: dict[str, Any] = dict.fromkeys(steps, lost) | dict.fromkeys(("patch", "delete", "second_delete"), NO_ANSWER)
    answers: dict[str, Any] = dict.fromkeys(reads, NO_ANSWER)

    found = judged(Recording(**answers, written=Written("n", **writes)))

    assert {outcome.outcome for _, outcome in found} == {"unknown"}


def test_the_rows_are_the_34_of_the_contract_in_their_order() -> None:
    assert [row.number for row in ROWS] == list(range(1, 35))


@pytest.mark.parametrize(
    ("row", "answers", "outcome"),
    [
        (14, {"limited": [Answer(429)]}, "refuted"),
        (17, {"malformed": Answer(500)}, "refuted"),
        (17, {"malformed": Answer(422)}, "confirmed"),
        (18, {"missing": HTML}, "refuted"),
        (18, {"missing": Answer(400)}, "unknown"),
        (27, {"providers": Answer(200, body="text")}, "refuted"),
        (27, {"providers": Answer(404)}, "unknown"),
        (24, {"knowledge_bases": Answer(200, body=[{"documents": None}])}, "unknown"),
        (34, {"page": Answer(200, body=[agent()]), "item": Answer(200, body=agent(tools={"x": 1}))}, "refuted"),
        (32, {"page": Answer(200, body=[agent(avatars=None)])}, "unknown"),
    ],
)
def test_odd_reads(row: int, answers: dict[str, Any], outcome: str) -> None:
    assert outcome == verdict(row, **answers).outcome


def test_a_masked_url_is_recognised_without_knowing_what_was_sent() -> None:
    llm = {"provider": "custom", "url": "****mple"}
    page = Answer(200, body=[{"id": "a", "avatars": [{"llm": llm}]}])

    assert verdict(7, page=page).outcome == "refuted"


def test_names_that_users_chose_are_no_evidence() -> None:
    page, item = Answer(200, body=[agent()]), Answer(200, body=agent(tools={"canary": 1}))

    assert "canary" not in verdict(34, page=page, item=item).evidence


@pytest.mark.parametrize(
    ("row", "steps", "outcome"),
    [
        (1, {"create": put({}, {"id": "a"})}, "refuted"),
        (2, {"create": put({}, agent()), "replace": put({}, agent())}, "unknown"),
        (2, {"create": put({}, agent()), "replace": put({}, None, status=400)}, "unknown"),
        (3, {"patch": Answer(400)}, "unknown"),
        (3, {"patch": Answer(404)}, "confirmed"),
        (4, {"replace": put({}, agent())}, "unknown"),
        (5, {"attached": "tool", "replace": put({}, agent()), "extras": put({}, agent())}, "unknown"),
        (9, {"create": put({}, None, status=503)}, "unknown"),
        (9, {"create": put({}, None, status=409)}, "refuted"),
        (10, {"create": put({}, agent())}, "unknown"),
        (15, {"second_delete": Answer(500)}, "unknown"),
        (15, {"second_delete": Answer(410)}, "confirmed"),
        (19, {"create": put({}, None)}, "refuted"),
        (28, {"extras": put({}, agent(callback_events=[]))}, "refuted"),
    ],
)
def test_odd_answers_to_writes(row: int, steps: dict[str, Any], outcome: str) -> None:
    assert outcome == on_throwaway(row, **steps).outcome


def test_a_refusal_is_quoted_as_evidence() -> None:
    found = on_throwaway(8, extras=put({}, None, status=400), unknown_member=put({}, None, status=400))

    assert "400 'because'" in found.evidence


def test_everything_refuted_says_what_to_set_or_to_know() -> None:
    with pytest.raises(ValueError, match="advice"):
        Verdict("refuted", "it is otherwise")


def test_the_page_about_the_check_lists_every_row_under_its_subject() -> None:
    page = (Path(__file__).parents[2] / "docs" / "live-check.md").read_text()

    assert [row for row in ROWS if f"| {row.number} | {row.subject}: " not in page] == []

from typing import Any

import pytest

from components.llm.gate.listing import Listing
from components.llm.gate.refusals import (
    Refusal,
    judge_bad_body,
    judge_bad_model,
    judge_content_parts,
    judge_error_shape,
    judge_model_name,
)

OPENAI = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
REFUSED = Refusal(404, OPENAI, "no")
TAKEN = Refusal(200, {"object": "chat.completion"}, "")
UNASKED = Refusal(None, None, "no answer within 15 s")
ERROR_WITH_200 = Refusal(200, {"error": "no"}, "no")
LISTED = Listing({"ours": {}, "other": {}})


@pytest.mark.parametrize(
    ("answer", "verdict", "told"),
    [
        (REFUSED, "pass", "HTTP 404 no"),
        (Refusal(400, OPENAI, "Invalid model name"), "pass", "HTTP 400 Invalid model name"),
        (TAKEN, "warn", "answers under any model name"),
        (Refusal(500, None, "oops"), "warn", "HTTP 500 oops"),
        (ERROR_WITH_200, "warn", "HTTP 200 no"),
        (UNASKED, "unknown", "no answer within 15 s"),
    ],
)
def test_an_unknown_model_is_refused_with_404_or_400(answer: Refusal, verdict: str, told: str) -> None:
    check = judge_bad_model(answer)

    assert ("S14", verdict, told) == (check.id, check.verdict, check.detail)


@pytest.mark.parametrize(
    ("answer", "verdict", "told"),
    [
        (Refusal(400, OPENAI, "messages missing"), "pass", "HTTP 400 messages missing"),
        (Refusal(422, None, "missing field"), "pass", "HTTP 422 missing field"),
        (TAKEN, "warn", "answers a request without messages"),
        (Refusal(500, None, ""), "warn", "HTTP 500"),
        (UNASKED, "unknown", "no answer within 15 s"),
    ],
)
def test_a_body_without_messages_is_refused_with_400_or_422(answer: Refusal, verdict: str, told: str) -> None:
    check = judge_bad_body(answer)

    assert ("S15", verdict, told) == (check.id, check.verdict, check.detail)


@pytest.mark.parametrize(
    ("fields", "verdict", "told"),
    [
        (OPENAI, "pass", "the error is an object as OpenAI sends it"),
        ({"error": "no", "error_type": "validation"}, "warn", "`error` is text, not an object"),
        ({"detail": "no"}, "warn", "`error` is missing, not an object"),
        (None, "warn", "the refusal is no JSON object"),
        ({"error": {"message": "no", "type": "x", "code": 400}}, "warn", "`error` lacks param"),
        ({"error": {**OPENAI["error"], "code": 404}}, "warn", "`error.code` is the number 404"),
    ],
)
def test_the_shape_of_an_error_is_openais(fields: Any, verdict: str, told: str) -> None:
    check = judge_error_shape([TAKEN, UNASKED, Refusal(400, fields, "no")])

    assert ("S13", verdict, told) == (check.id, check.verdict, check.detail)


def test_a_server_that_refuses_nothing_shows_no_error() -> None:
    assert "unknown" == judge_error_shape([TAKEN, TAKEN]).verdict


@pytest.mark.parametrize(
    ("answer", "verdict"), [(TAKEN, "pass"), (REFUSED, "warn"), (ERROR_WITH_200, "warn"), (UNASKED, "unknown")]
)
def test_text_in_parts_should_be_taken(answer: Refusal, verdict: str) -> None:
    assert verdict == judge_content_parts(answer).verdict


@pytest.mark.parametrize(
    ("model", "listing", "answer", "verdict"),
    [
        ("ours", LISTED, TAKEN, "pass"),
        ("ours", Listing(None), TAKEN, "unknown"),
        ("alias", LISTED, REFUSED, "warn"),
        ("alias", LISTED, UNASKED, "warn"),
        ("alias", LISTED, ERROR_WITH_200, "warn"),
        ("alias", LISTED, None, "warn"),
    ],
)
def test_a_listing_confirms_a_name_and_a_refusal_of_others_makes_it_an_alias(
    model: str, listing: Listing, answer: Refusal | None, verdict: str
) -> None:
    assert verdict == judge_model_name(model, listing, bad_model=answer).verdict


def test_a_server_that_answers_under_any_name_and_lists_others_serves_something_else() -> None:
    check = judge_model_name("alias", LISTED, bad_model=TAKEN)

    assert ("fail", "it answers under any model name, and lists ours, other") == (check.verdict, check.detail)

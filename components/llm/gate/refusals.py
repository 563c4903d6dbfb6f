"""
The checks S13 to S15 and S19 of what a server says to odd requests, and that of the model's name. Pure.

None of them fails but the last: TruGen need not send such requests, yet who debugs an agent reads these answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.llm.gate.checks import Check
from components.llm.gate.listing import Listing

_ERROR_FIELDS = ("message", "type", "param", "code")
_OK = 200


@dataclass(frozen=True)
class Refusal:
    """The answer to one such request; `status` is None when none came, and `said`, redacted, tells why."""

    status: int | None
    fields: Any
    said: str

    @property
    def taken(self) -> bool:
        """Whether it was answered as if it were a good request."""
        return self.status == _OK and not (isinstance(self.fields, dict) and self.fields.get("error"))

    def __str__(self) -> str:
        return self.said if self.status is None else f"HTTP {self.status} {self.said}".rstrip()


def judge_model_name(model: str, listing: Listing, *, bad_model: Refusal | None) -> Check:
    """TGI and llama.cpp never look at `model`, so a stream alone does not prove the name."""
    if listing.names is None:
        return Check("model", "unknown", "the server lists no models; the name is as given")
    if listing.has(model):
        return Check("model", "pass", "listed")
    if bad_model is not None and bad_model.taken:
        return Check("model", "fail", f"it answers under any model name, and lists {listing.shown()}")
    return Check("model", "warn", "not listed, yet served under this name")


def judge_bad_model(answer: Refusal) -> Check:
    return _judge("S14", answer, {404, 400}, taken="answers under any model name")


def judge_bad_body(answer: Refusal) -> Check:
    # 422 is FastAPI's and TGI's word for it.
    return _judge("S15", answer, {400, 422}, taken="answers a request without messages")


def judge_content_parts(answer: Refusal) -> Check:
    """Text as a list of content parts is no fault of the request: templates that join strings fail on it."""
    if answer.status is None:
        return Check("S19", "unknown", answer.said)
    if answer.taken:
        return Check("S19", "pass", "text as a list of content parts is taken")
    return Check("S19", "warn", f"text as a list of content parts is not taken: {answer}")


def _judge(id_: str, answer: Refusal, wanted: set[int], *, taken: str) -> Check:
    if answer.status is None:
        return Check(id_, "unknown", answer.said)
    if answer.taken:
        return Check(id_, "warn", taken)
    return Check(id_, "pass" if answer.status in wanted else "warn", str(answer))


def judge_error_shape(answers: Sequence[Refusal]) -> Check:
    """Of the first refusal: OpenAI's `{"error": {message, type, param, code}}`."""
    refused = next((answer for answer in answers if answer.status is not None and not answer.taken), None)
    if refused is None:
        return Check("S13", "unknown", "no request was refused")
    oddity = _oddity(refused.fields)
    return Check("S13", "warn" if oddity else "pass", oddity or "the error is an object as OpenAI sends it")


def _oddity(fields: Any) -> str | None:
    if not isinstance(fields, dict):
        return "the refusal is no JSON object"
    error = fields.get("error")
    if not isinstance(error, Mapping):
        # TGI, vLLM's 401 and Ollama's own API send text; FastAPI sends `detail`.
        return f"`error` is {'text' if isinstance(error, str) else 'missing'}, not an object"
    if missing := [name for name in _ERROR_FIELDS if name not in error]:
        return f"`error` lacks {', '.join(missing)}"  # llama.cpp: `param`
    if isinstance(error["code"], int):
        return f"`error.code` is the number {error['code']}"  # llama.cpp, vLLM, OpenRouter
    return None

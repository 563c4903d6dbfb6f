"""
Retries, and the meaning of each status.

- GET, PUT and DELETE are repeated after a lost connection, 408, 425, 502, 503, 504, and twice after 500; after 429
  until the deadline.
- A connection that was never made is repeated for every verb.
- A POST that may have taken effect is never repeated here: `AmbiguousError` hands the question to the caller.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from components.redaction import Redactor
from components.trugen.address import checked_bundle, checked_key, checked_root
from components.trugen.attempt import Answer, Form, Request, attempt
from components.trugen.errors import (
    AmbiguousError,
    KeyRejectedError,
    NoAnswerError,
    NotFoundError,
    RefusedError,
    TooLargeError,
    TrugenError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from components.trugen.pace import Pace

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_TRIES = 5
TRY_LIMIT_S = 30.0
MAX_500_ANSWERS = 3
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 8.0
# urllib3 would obey up to six hours; beyond this the user hears when to come back.
MAX_RETRY_AFTER_S = 60.0
MAX_TEXT = 300


class Transport:
    """
    Sends calls to one API root with one key; holds no state between calls, so threads may share it.

    Args:
        deadline_s: budget of one call with all its retries, in seconds.
        pace: shared by the transports of one process.
        clock: monotonic seconds. *sleep* and *draw* (uniform in [0, 1)) belong to it; tests pass their own.
        on_wait: told in one line about every pause.
    """

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        redactor: Redactor,
        ca_bundle: str | None,
        deadline_s: float,
        pace: Pace,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        draw: Callable[[], float],
        on_wait: Callable[[str], None],
    ) -> None:
        self._root = checked_root(api_url)
        self._headers = {"x-api-key": checked_key(api_key), "Accept": "application/json", "User-Agent": "trugen-llm"}
        self._redactor = redactor
        self._ca_bundle = checked_bundle(ca_bundle)
        self._deadline_s = deadline_s
        self._pace = pace
        self._clock, self._sleep, self._draw, self._on_wait = clock, sleep, draw, on_wait

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        form: Form | None = None,
        extra_s: float = 0.0,
    ) -> Answer:
        """
        One call with its retries; returns a 2xx.

        Args:
            extra_s: What a large body may take beyond the usual limits.

        Raises: every class of errors.py; `AmbiguousError` for POST only.
        """
        request = Request(method, self._root + path, f"{method} {path}", self._headers, params, body, form)
        deadline = self._clock() + self._deadline_s + extra_s
        failures = _Failures()
        while True:
            deadline += self._pace.take_turn(self._clock, self._sleep)
            try:
                answer = self._tried(request, min(TRY_LIMIT_S + extra_s, deadline - self._clock()))
            except (UnreachableError, NoAnswerError, UnavailableError) as error:
                fault = error
            else:
                self._pace.quicken()
                return answer
            if fault.turned_away:
                self._pace.hold(self._clock() + min(fault.retry_after_s, MAX_RETRY_AFTER_S))
            if method == "POST" and not isinstance(fault, UnreachableError):
                raise _unrepeated(request, fault) from None
            failures.add(fault)
            self._pause(fault, failures, deadline)

    def json(self, request_call: str, answer: Answer) -> Any:
        """
        Parse the body of *answer*.

        Raises: UnexpectedAnswerError when it is not JSON (RFC 8259: no NaN), or nested beyond what can be read.
        """
        try:
            return json.loads(answer.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            kind = answer.headers.get("Content-Type", "no content type")
            start = self._text(answer)[:80]
            raise UnexpectedAnswerError(request_call, f"expected JSON, got {kind}: {start!r}") from None

    def _tried(self, request: Request, limit_s: float) -> Answer:
        try:
            return self._judged(request, attempt(request, limit_s=limit_s, ca_bundle=self._ca_bundle))
        except TooLargeError:
            if request.method == "POST":
                raise AmbiguousError(request.call, "the answer was too large to be one") from None
            raise

    def _judged(self, request: Request, answer: Answer) -> Answer:
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            target = self._redactor.line(answer.headers.get("Location", "nowhere"), limit=MAX_TEXT)
            raise UnexpectedAnswerError(request.call, f"{status}, a redirect to {target!r} (not followed)")
        text = self._text(answer)
        if status in TRANSIENT or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and request.method == "POST"):
            raise UnavailableError(request.call, status, text, retry_after_s=_retry_after_s(answer))
        kind = {401: KeyRejectedError, 403: KeyRejectedError, 404: NotFoundError, 410: NotFoundError}
        raise kind.get(status, RefusedError)(request.call, status, text)

    def _pause(self, fault: TrugenError, failures: _Failures, deadline: float) -> None:
        """Wait for the next try with full jitter, or raise *fault* when there is none."""
        nth = failures.turned_away if fault.turned_away else failures.tries
        pause_s = max(fault.retry_after_s, self._draw() * min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (nth - 1)))
        if failures.spent or fault.lasting or pause_s > MAX_RETRY_AFTER_S or self._clock() + pause_s >= deadline:
            raise fault from None
        of = "" if fault.turned_away else f" ({nth + 1} of {MAX_TRIES})"
        self._on_wait(f"{str(fault).splitlines()[0]} Trying again in {pause_s:.1f} s{of}.")
        self._sleep(pause_s)

    def _text(self, answer: Answer) -> str:
        """What the server said, under `error` or `message` or as it is, on one line and redacted."""
        raw = answer.body[: 64 * 1024].decode("utf-8", "replace")
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            parsed = None
        said = (parsed.get("error") or parsed.get("message")) if isinstance(parsed, dict) else None
        text = said if isinstance(said, str) else raw
        return self._redactor.line(text, limit=MAX_TEXT)


@dataclass
class _Failures:
    """What one call has met so far. A 429 is no failed try but a request to come later: only the deadline ends that."""

    tries: int = 0
    turned_away: int = 0
    answers_500: int = 0

    def add(self, fault: TrugenError) -> None:
        self.turned_away += fault.turned_away
        self.tries += not fault.turned_away
        self.answers_500 += isinstance(fault, UnavailableError) and fault.status == HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def spent(self) -> bool:
        return self.tries == MAX_TRIES or self.answers_500 == MAX_500_ANSWERS


def _unrepeated(request: Request, fault: NoAnswerError | UnavailableError) -> TrugenError:
    """What a POST ends in that may have taken effect; one that is to come back much later has not."""
    if fault.retry_after_s > MAX_RETRY_AFTER_S:
        return fault
    if isinstance(fault, NoAnswerError):
        return AmbiguousError(request.call, fault.cause)
    cause = f"the answer was {fault.status}"
    return AmbiguousError(request.call, cause, retry_after_s=fault.retry_after_s, turned_away=fault.turned_away)


def _retry_after_s(answer: Answer) -> float:
    """`Retry-After` as seconds or HTTP-date (RFC 9110, 10.2.3); 0 when absent, past, negative or malformed."""
    value = answer.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        wanted = parsedate_to_datetime(value)
        # The server's own clock, when it shows one: ours may be off.
        now = parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else datetime.now(UTC)
        return max(0.0, (wanted - now).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

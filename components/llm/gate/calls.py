"""The HTTP calls a probe makes: plain ones, and the streamed chat completion that TruGen will make."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.llm.gate.exchange import FAILURES, BodyTooLarge, Exchange, Head, Request
from components.llm.gate.recording import DONE, Recording, TimedEvent
from components.llm.gate.setback import Setback, error_text, setback_from_answer, setback_from_error
from components.llm.gate.sse import LineTooLong, SseParser
from components.redaction import Redactor

SAID_CHARS = 200
_OK = 200
_OPEN_AFTER_DONE_S = 2.0
_LOADING_LIMIT_S = 3600.0  # the first request waits for the weights; stall limits are shorter


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own range

    def message(self) -> str:
        """The error it tells of; not redacted."""
        return error_text(self.body.decode("utf-8", errors="replace"))

    def fields(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class Caller:
    """
    What all calls of one wait share.

    *tick* is called several times a second while a call waits; what it raises ends the call. *heard* is told of every
    read of a stream; a refusal, however often it comes, is no progress.
    """

    redactor: Redactor
    clock: Callable[[], float]
    tick: Callable[[], None]
    heard: Callable[[], None]

    def answer(self, request: Request, *, limit_s: float) -> Answer:
        """
        Raises:
            Setback: no complete answer within *limit_s*.
        """
        tick = _until(self, limit_s, Setback("starting", f"no answer within {limit_s:g} s"))
        body = bytearray()
        try:
            with Exchange(request, clock=self.clock, tick=tick, silence_s=limit_s + 1) as exchange:
                head = exchange.head()
                for read in exchange.reads():
                    body += read.data
                    if _is_event_stream(head) and DONE.encode() in body:
                        break  # some servers keep the connection
        except BodyTooLarge as error:
            raise Setback("fatal", str(error)) from None
        except FAILURES as error:
            raise setback_from_error(error, request.url, said=self.redacted(str(error))) from None
        return Answer(head.status, head.headers, bytes(body))

    def chat(self, base_url: str, token: str | None, body: Mapping[str, Any]) -> Recording:
        """
        Ask for a streamed completion as TruGen does and record the stream, whatever became of it.

        Raises:
            Setback: the answer is not HTTP 200, or none came.
        """
        request = Request("POST", f"{base_url}/chat/completions", token, body)
        recorder = _Recorder(self)
        try:
            with Exchange(request, clock=self.clock, tick=recorder.tick, silence_s=_LOADING_LIMIT_S) as exchange:
                head = exchange.head()
                recording = recorder.record(head, exchange)
        except FAILURES as error:
            raise setback_from_error(error, request.url, said=self.redacted(str(error))) from None
        if head.status != _OK:
            message = error_text(recording.body)
            raise setback_from_answer(head.status, head.headers, message, redacted=self.redacted)
        return recording

    def setback(self, answer: Answer) -> Setback:
        """What *answer*, which is not HTTP 200, means for the wait."""
        return setback_from_answer(answer.status, answer.headers, answer.message(), redacted=self.redacted)

    def redacted(self, text: str) -> str:
        return self.redactor.line(text, limit=SAID_CHARS)


def _is_event_stream(head: Head) -> bool:
    return head.headers.get("Content-Type", "").lower().startswith("text/event-stream")


def _until(caller: Caller, limit_s: float, setback: Setback) -> Callable[[], None]:
    started_at = caller.clock()

    def tick() -> None:
        caller.tick()
        if caller.clock() - started_at >= limit_s:
            raise setback

    return tick


class _StillOpen(Exception):
    """The server sent `[DONE]` and keeps the connection."""


class _Recorder:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._parser = SseParser()
        self._events: list[TimedEvent] = []
        self._body = bytearray()
        self._done_at: float | None = None

    def tick(self) -> None:
        self._caller.tick()
        if self._done_at is not None and self._caller.clock() - self._done_at >= _OPEN_AFTER_DONE_S:
            raise _StillOpen

    def record(self, head: Head, exchange: Exchange) -> Recording:
        ending = Recording(
            status=head.status,
            content_type=head.headers.get("Content-Type", ""),
            content_encoding=head.headers.get("Content-Encoding", ""),
        )
        is_stream = _is_event_stream(head)
        try:
            for read in exchange.reads():
                if is_stream:
                    self._caller.heard()
                    self._keep([TimedEvent(read.at_s, event) for event in self._parser.feed(read.data)])
                else:
                    self._body += read.data
        except _StillOpen:
            ending = replace(ending, ending="open")
        except (BodyTooLarge, LineTooLong) as error:
            ending = replace(ending, ending="oversized", fault=str(error))
        except FAILURES as error:
            ending = replace(ending, ending="broken", fault=self._caller.redacted(str(error)))
        return replace(
            ending,
            events=tuple(self._events),
            unfinished=self._parser.unfinished,
            body=self._body.decode("utf-8", errors="replace"),
        )

    def _keep(self, events: list[TimedEvent]) -> None:
        self._events += events
        if any(timed.event.data == DONE for timed in events):
            self._done_at = self._caller.clock()

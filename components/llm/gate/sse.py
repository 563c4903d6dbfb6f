"""
Server-sent events from raw bytes, by the rules of the WHATWG HTML standard, section 9.2.6.

Incremental: reads may cut a line, a CRLF pair or a UTF-8 sequence anywhere. Pure: no clock, no socket.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_LINE_BYTES = 1 << 20  # a chat chunk is some hundred bytes: a line this long is not one
_BOM = b"\xef\xbb\xbf"


class LineTooLong(ValueError):
    """One line passed the limit; reading on would let the server choose our memory use."""


@dataclass(frozen=True)
class Event:
    """One dispatched event; *type* is `message` unless the server named another."""

    type: str
    data: str


class SseParser:
    """Feed it reads in order; each call returns the events that became complete."""

    def __init__(self, *, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_line_bytes = max_line_bytes
        self._pending = bytearray()  # bytes of a line whose end was not seen yet
        self._at_start = True
        self._skip_newline = False  # the last line ended in CR: an LF that follows belongs to it
        self._data: list[str] = []
        self._type = ""

    def feed(self, read: bytes) -> list[Event]:
        """
        Raises:
            LineTooLong: A line passed *max_line_bytes*.
        """
        events = []
        for line in self._lines(read):
            if line:
                self._field(line.decode("utf-8", errors="replace"))
            elif (event := self._dispatch()) is not None:
                events.append(event)
        return events

    @property
    def unfinished(self) -> str:
        """Data of the event that no blank line has closed; the standard discards it at the end of the stream."""
        return "\n".join([*self._data, self._pending.decode("utf-8", errors="replace")]).strip("\n")

    def _lines(self, read: bytes) -> Iterator[bytes]:
        for piece in read.splitlines(keepends=True):  # for bytes these are exactly the standard's ends: LF, CR, CRLF
            fresh = piece
            if self._skip_newline and fresh.startswith(b"\n"):
                fresh = fresh[1:]
            self._skip_newline = False
            if not fresh:
                continue
            self._pending += fresh.rstrip(b"\r\n")
            if len(self._pending) > self._max_line_bytes:
                raise LineTooLong(f"a line of the stream is longer than {self._max_line_bytes} bytes")
            if fresh.endswith((b"\r", b"\n")):
                self._skip_newline = fresh.endswith(b"\r")
                yield self._take_line()

    def _take_line(self) -> bytes:
        line = bytes(self._pending)
        self._pending.clear()
        if self._at_start:
            self._at_start = False
            return line.removeprefix(_BOM)
        return line

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        # A comment has an empty name. `id` and `retry` serve reconnecting, which a chat completion cannot do.

    def _dispatch(self) -> Event | None:
        event = Event(self._type or "message", "\n".join(self._data)) if self._data else None
        self._data, self._type = [], ""
        return event

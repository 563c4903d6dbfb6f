"""
Streams chats as TruGen does and says what became of each: `ask` one, or `hold` many at once.

Asyncio on plain sockets, since what counts is what each read of a socket brings, and a library would hide that. A new
connection for each request. HTTPS is verified, by the authority of the endpoint or the usual ones.
"""

import asyncio
import functools
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUFFERED_FROM_S = 0.1
_READ_BYTES = 64 << 10
_PROMPT = "Say hello."
_NS_PER_S = 1_000_000_000
_OK = 200


@dataclass(frozen=True)
class Endpoint:
    """Where an agent's LLM is: *url* ends with the version segment; *ca_file* vouches for HTTPS, alone."""

    url: str
    model: str
    token: str = field(repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """
    What became of one request.

    Attributes:
        fault: Nothing for a stream that ended with `[DONE]`. Else `refused` (no connection), `no answer` (closed before
            the head of a response), `status 503` and the like, `broken` (a stream that said 200 and then an error, or
            stopped before `[DONE]`), `timed out`.
        detail: What was seen last, for a reader; at most 200 characters, no token.
        began_s: Monotonic clock, before connecting.
        ttft_s: From then to the first event; None without one.
        events: With data, `[DONE]` not counted.
        comments: Lines that keep the connection alive.
        buffered: Events that came in one read with an event that was sent `BUFFERED_FROM_S` or more after them, by the
            server's own stamp `sent_ns` (of its monotonic clock); always 0 from servers that write none.
    """

    fault: str
    began_s: float
    ended_s: float
    detail: str = ""
    ttft_s: float | None = None
    events: int = 0
    comments: int = 0
    longest_gap_s: float = 0.0
    buffered: int = 0

    @property
    def ok(self) -> bool:
        return not self.fault


async def hold(
    endpoint: Endpoint, *, streams: int, within_s: float, limit_s: float, max_tokens: int
) -> Sequence[Outcome]:
    """As many *streams* as given, each begun at its own moment, evenly spread *within_s*."""

    async def later(number: int) -> Outcome:
        await asyncio.sleep(number * within_s / streams)
        return await ask(endpoint, max_tokens=max_tokens, limit_s=limit_s)

    return await asyncio.gather(*map(later, range(streams)))


def most_at_once(outcomes: Sequence[Outcome]) -> int:
    """How many streams were open together, each from its first event to its end."""
    opened = [(each.began_s + each.ttft_s, 1) for each in outcomes if each.ttft_s is not None]
    closed = [(each.ended_s, -1) for each in outcomes if each.ttft_s is not None]
    most = now = 0
    for _, step in sorted(opened + closed):
        now += step
        most = max(most, now)
    return most


async def ask(endpoint: Endpoint, *, max_tokens: int = 8, limit_s: float = 60.0) -> Outcome:
    """One streamed chat; every failure is an outcome, none is raised."""
    record = _Record()
    try:
        async with asyncio.timeout(limit_s):
            fault, detail = await _exchange(endpoint, max_tokens, record)
    except TimeoutError:
        fault, detail = "timed out", f"after {limit_s:.0f} s and {record.events} events"
    return record.outcome(fault, detail)


async def _exchange(endpoint: Endpoint, max_tokens: int, record: "_Record") -> tuple[str, str]:
    """Fault and detail of an exchange that was not cut by its limit."""
    place = urlsplit(endpoint.url)
    try:
        secured = _verifying(endpoint.ca_file) if place.scheme == "https" else None
        port = place.port or (443 if secured else 80)
        reader, writer = await asyncio.open_connection(place.hostname, port, ssl=secured)
    except OSError as error:
        return "refused", str(error)
    try:
        writer.write(_request(endpoint, max_tokens))
        return await _answer(reader, record)
    except (OSError, ValueError) as error:
        return ("broken" if record.status else "no answer"), f"{type(error).__name__}: {error}"
    finally:
        writer.close()


@functools.cache
def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _request(endpoint: Endpoint, max_tokens: int) -> bytes:
    place = urlsplit(endpoint.url)
    messages = [{"role": "user", "content": _PROMPT}]
    body = json.dumps({"model": endpoint.model, "messages": messages, "stream": True, "max_tokens": max_tokens})
    head = [
        f"POST {place.path}/chat/completions HTTP/1.1",
        f"Host: {place.netloc}",
        f"Authorization: Bearer {endpoint.token}",
        "Content-Type: application/json",
        "Accept: text/event-stream",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", body]).encode()


async def _answer(reader: asyncio.StreamReader, record: "_Record") -> tuple[str, str]:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        return "no answer", f"closed before a head: {error}"
    first, *lines = head.split("\r\n")
    record.status = int(first.split()[1])
    body = _Body({name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)})
    while not body.ended and (data := await reader.read(_READ_BYTES)):
        record.take(body.feed(data), time.monotonic())
    return record.fault()


class _Body:
    """The bytes of a body as they come, out of the chunked coding where the head names it."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self._left_bytes = int(headers.get("content-length", -1))
        self._waiting = b""
        self.ended = self._left_bytes == 0

    def feed(self, data: bytes) -> bytes:
        if self._chunked:
            self._waiting += data
            return b"".join(self._chunks())
        self._left_bytes -= len(data)
        self.ended = self._left_bytes == 0
        return data

    def _chunks(self) -> Iterator[bytes]:
        while not self.ended:
            size, line_end, rest = self._waiting.partition(b"\r\n")
            if not line_end or len(rest) < (length := int(size.partition(b";")[0], 16)) + 2:
                return
            self._waiting = rest[length + 2 :]
            self.ended = length == 0
            yield rest[:length]


class _Record:
    """What is seen of one exchange while it lasts."""

    def __init__(self) -> None:
        self.status = 0
        self.events = 0
        self._began_s = time.monotonic()
        self._ttft_s: float | None = None
        self._last_s = self._began_s
        self._longest_gap_s = 0.0
        self._comments = self._buffered = 0
        self._rest = b""
        self._is_done = False
        self._error = ""

    def take(self, data: bytes, now_s: float) -> None:
        """One read of the socket; events end with an empty line, and each of an LLM's has one line of data."""
        if self.status != _OK:
            self._rest += data
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        sent_ns = [self._event(line, now_s) for line in map(bytes.strip, lines) if line]
        stamps = [each for each in sent_ns if each]
        self._buffered += sum(stamps[-1] - each >= BUFFERED_FROM_S * _NS_PER_S for each in stamps)

    def _event(self, line: bytes, now_s: float) -> int:
        """Returns when the server sent it; 0 where that is unknown, or no event."""
        self._comments += line.startswith(b":")
        name, _, value = line.partition(b":")
        if name != b"data":
            self._error = self._error or (line.decode(errors="replace") if name == b"error" else "")
            return 0
        if value.strip() == b"[DONE]":
            self._is_done = True
            return 0
        if self._ttft_s is None:
            self._ttft_s = now_s - self._began_s
        else:
            self._longest_gap_s = max(self._longest_gap_s, now_s - self._last_s)
        self._last_s = now_s
        self.events += 1
        chunk: dict[str, Any] = json.loads(value)
        self._error = self._error or str(chunk.get("error", ""))
        return int(chunk.get("sent_ns", 0))

    def fault(self) -> tuple[str, str]:
        """Once nothing more will come."""
        if self.status != _OK:
            return f"status {self.status}", self._rest.decode(errors="replace")
        if self._error:
            return "broken", self._error
        if not self._is_done:
            return "broken", f"ended after {self.events} events, without [DONE]"
        return "", ""

    def outcome(self, fault: str, detail: str) -> Outcome:
        return Outcome(
            fault=fault,
            detail=detail[:200],
            began_s=self._began_s,
            ended_s=time.monotonic(),
            ttft_s=self._ttft_s,
            events=self.events,
            comments=self._comments,
            longest_gap_s=self._longest_gap_s,
            buffered=self._buffered,
        )

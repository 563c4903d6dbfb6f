"""
The relay between the gateway and its engines: picks the engine by the model, and speaks while the engine is silent.

It runs in a container of its own as `python3 -c "<this file>" --port 8090 --keep-alive-s 10`, so it is one file of the
standard library alone. Its only client is Caddy, which has authorized and bounded each request and says in the header
`Trugen-Routes` where it may go: `{"live": "engine-a:11434", "models": {"smollm2:135m": "engine-a:11434"}}`.

Each request has a connection of its own to the engine. That costs a handshake inside one machine, and no request can be
lost to a kept connection that the engine is just closing.
"""

import argparse
import asyncio
import contextlib
import json
import re
import resource
import signal
import sys
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_READ_BYTES = 64 << 10  # of a head, too: the most it may have
_CONNECT_LIMIT_S, _CONNECT_AGAIN_FOR_S, _CONNECT_PAUSE_S = 5.0, 1.0, 0.1
_REFUSAL_BYTES, _MESSAGE_CHARACTERS = 64 << 10, 1000
_COMMENT = b": keep-alive\n\n"
_UPSTREAM = re.compile(r"[a-z0-9.-]+:[0-9]+")
_START_AND_FIELD_NAMES = re.compile(rb"\S+ \S[^\n]*(\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\n]*)*")
# RFC 9110, 7.6.1, and the framing, which is the relay's own on both sides.
_OF_ONE_CONNECTION = frozenset(
    b"connection proxy-connection keep-alive te trailer transfer-encoding upgrade content-length expect".split()
)
# It shall not compress: a comment can be put into plain text only. `Authorization` is Caddy's own, for the engine.
_NOT_FOR_ENGINES = frozenset(b"host trugen-routes accept-encoding".split())
_BROKEN = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
Field = tuple[bytes, bytes]


@dataclass
class Message:
    """The words of its first line, its fields with names in lower case, and the body if it is a request."""

    words: list[bytes]
    fields: list[Field]
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.words[1])

    @property
    def is_event_stream(self) -> bool:
        return self.value(b"content-type").partition(b";")[0].strip().lower() == b"text/event-stream"

    def value(self, name: bytes) -> bytes:
        return dict(self.fields).get(name, b"")

    def passed_on(self) -> list[Field]:
        named = {name.strip() for name in self.value(b"connection").lower().split(b",")}
        return [field for field in self.fields if field[0] not in _OF_ONE_CONNECTION | named]

    def asked(self) -> Mapping[str, Any]:
        """Members of the JSON object in the body; none where it is anything else."""
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}


def routes_in(field: bytes) -> Mapping[str, Any] | None:
    """None where the field is empty or broken, as the file behind it is missing while it is replaced."""
    try:
        routes = json.loads(field)
        upstreams = [routes["live"], *dict(routes["models"]).values()]
        return routes if all(map(_UPSTREAM.fullmatch, upstreams)) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


class Answer:
    """What one request gets: a head, a chunked body, and comments while the engine is silent."""

    def __init__(self, writer: asyncio.StreamWriter, keep_alive_s: float) -> None:
        self._writer = writer
        self._keep_alive_s = keep_alive_s
        self._loop = asyncio.get_running_loop()
        self._heard_at_s = 0.0
        self._tail = b""
        self._timer: asyncio.TimerHandle | None = None
        self.started = False

    def keep_alive(self) -> None:
        """From now on a silence is broken by a comment, in an event stream begun for it if need be."""
        self._heard_at_s = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._keep_alive_s, self._listen)

    def begin(self, head: Message) -> None:
        """Pass the engine's head on, unless the client already has one."""
        if not self.started:
            self._start(head.status, head.passed_on())
        if head.is_event_stream:
            self.keep_alive()
        else:
            self.close()

    async def send(self, data: bytes) -> None:
        self._heard_at_s = self._loop.time()
        self._tail = (self._tail + data[-4:])[-4:]
        self._chunk(data)
        await self._writer.drain()

    def end(self) -> None:
        self._writer.write(b"0\r\n\r\n")

    def refuse(self, status: int, message: str, code: str, *fields: Field) -> None:
        """An error of OpenAI's shape: the whole answer, or the last event of the one that has begun."""
        if self.started:
            self._chunk(b"data: %b\n\n" % json.dumps(_error(message, "server_error", code)).encode())
            self.end()
        else:
            self._writer.write(_whole(status, _error(message, "server_error", code), *fields))

    def abort(self) -> None:
        """Without the last chunk, so that nobody takes the answer for a whole one."""
        self._writer.transport.abort()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _listen(self) -> None:
        # The timer runs after the last byte instead of being set again for each.
        now_s = self._loop.time()
        if now_s >= self._heard_at_s + self._keep_alive_s:
            if not self.started:
                self._start(HTTPStatus.OK, [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")])
            # Only between two events, which a blank line parts, and before the first.
            if not self._tail or self._tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").endswith(b"\n\n"):
                self._chunk(_COMMENT)
            self._heard_at_s = now_s
        self._timer = self._loop.call_at(self._heard_at_s + self._keep_alive_s, self._listen)

    def _start(self, status: int, fields: list[Field]) -> None:
        self.started = True
        self._writer.write(_head(b"HTTP/1.1 %d " % status, *fields, (b"transfer-encoding", b"chunked")))

    def _chunk(self, data: bytes) -> None:
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))


class Relay:
    def __init__(self, keep_alive_s: float) -> None:
        self._keep_alive_s = keep_alive_s
        self._routes: Mapping[str, Any] | None = None
        self._in_flight: Counter[str] = Counter()

    async def answer(self, request: Message, writer: asyncio.StreamWriter) -> None:
        match request.words[0], request.words[1].partition(b"?")[0]:
            case (b"POST", b"/v1/chat/completions") | (b"GET", b"/v1/models"):
                with contextlib.closing(Answer(writer, self._keep_alive_s)) as answer:
                    await self._relay(request, answer)
            case (b"GET", b"/in-flight"):
                writer.write(_whole(200, +self._in_flight))
            case (b"GET", b"/healthz"):
                writer.write(_whole(200, {}))
            case _:
                writer.write(_whole(404, _error("There is no such route.", "invalid_request_error", "not_found")))

    async def _relay(self, request: Message, answer: Answer) -> None:
        self._routes = routes_in(request.value(b"trugen-routes")) or self._routes
        if self._routes is None:
            answer.refuse(503, "No model is served yet.", "no_model_yet", (b"retry-after", b"1"))
            return
        asked = request.asked()
        model = asked.get("model")
        live = self._routes["live"]
        upstream: str = self._routes["models"].get(model, live) if isinstance(model, str) else live
        if asked.get("stream") is True:
            answer.keep_alive()
        self._in_flight[upstream] += 1
        try:
            await _pass_on(request, upstream, answer)
        except Exception as error:  # noqa: BLE001 - nobody is left waiting for an answer
            _report(error)
            if answer.started:
                answer.abort()
            else:
                answer.refuse(500, "The request could not be passed on.", "internal_error")
        finally:
            self._in_flight[upstream] -= 1


async def _pass_on(request: Message, upstream: str, answer: Answer) -> None:
    try:
        reader, writer = await _connected(upstream)
    except (OSError, UnicodeError):  # UnicodeError: a name that cannot be one, like `engine..a`
        answer.refuse(502, "The model server cannot be reached.", "bad_gateway")
        return
    try:
        # Not drained: an engine may refuse before it has read all of it.
        writer.writelines([_head_for(upstream, request), request.body])
        request.body = b""  # an answer takes minutes, and its prompt need not be kept for them
        while (head := await _message(reader)).status in range(100, 200):
            pass
    except _BROKEN:
        answer.refuse(502, "The model server broke off before it answered.", "bad_gateway")
    else:
        await _stream(head, reader, answer)
    finally:
        writer.transport.abort()  # what cancels the generation when it is the client that has gone


async def _stream(head: Message, reader: asyncio.StreamReader, answer: Answer) -> None:
    if answer.started and not (head.status == HTTPStatus.OK and head.is_event_stream):
        answer.refuse(head.status, await _refusal(head, reader), "upstream_error")
        return
    try:
        answer.begin(head)
        async for data in _body(reader, head, to_end=True):
            await answer.send(data)
    except _BROKEN:
        answer.abort()
    else:
        answer.end()


async def _refusal(head: Message, reader: asyncio.StreamReader) -> str:
    """What the engine says in an answer that is not the stream it was asked for."""
    said = b""
    with contextlib.suppress(*_BROKEN):
        async for data in _body(reader, head, to_end=True):
            said += data
            if len(said) > _REFUSAL_BYTES:
                break
    try:
        message = json.loads(said)["error"]["message"]
    except (ValueError, TypeError, KeyError, RecursionError):
        message = said.decode(errors="replace")
    return str(message)[:_MESSAGE_CHARACTERS] or f"The model server answered {head.status} and said nothing."


async def _connected(upstream: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Again for a second, in which a container that is just replaced comes back under its name."""
    host, _, port = upstream.rpartition(":")
    give_up_at_s = asyncio.get_running_loop().time() + _CONNECT_AGAIN_FOR_S
    while True:
        try:
            async with asyncio.timeout(_CONNECT_LIMIT_S):
                return await asyncio.open_connection(host, int(port), limit=_READ_BYTES)
        except OSError:
            if asyncio.get_running_loop().time() >= give_up_at_s:
                raise
        await asyncio.sleep(_CONNECT_PAUSE_S)


async def _message(reader: asyncio.StreamReader) -> Message:
    """
    A message without its body.

    What is written again from it has one head: an engine cannot end it early for Caddy and smuggle a second answer in.
    """
    lines = [line.strip() for line in (await reader.readuntil(b"\r\n\r\n")).split(b"\n") if line.strip()]
    if not _START_AND_FIELD_NAMES.fullmatch(b"\n".join(lines)):
        raise ValueError("not HTTP")
    parted = [line.partition(b":") for line in lines[1:]]
    return Message(lines[0].split(), [(name.lower(), value.strip()) for name, _, value in parted])


async def _body(reader: asyncio.StreamReader, head: Message, *, to_end: bool = False) -> AsyncIterator[bytes]:
    """
    Pieces as they come; *to_end*: one of unknown length ends with the connection.

    Raises one of `_BROKEN` where it breaks off.
    """
    if b"chunked" in head.value(b"transfer-encoding").lower():
        while size := int((await reader.readline()).partition(b";")[0], 16):
            async for piece in _exactly(size, reader):
                yield piece
            await reader.readexactly(len(b"\r\n"))
        while (await reader.readline()).strip():
            pass  # trailers
    elif length := head.value(b"content-length"):
        async for piece in _exactly(int(length), reader):
            yield piece
    elif to_end:
        while piece := await reader.read(_READ_BYTES):
            yield piece


async def _exactly(size: int, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size > 0:
        piece = await reader.read(min(size, _READ_BYTES))
        if not piece:
            raise EOFError
        size -= len(piece)
        yield piece


def _head_for(upstream: str, request: Message) -> bytes:
    return _head(
        b"%b %b HTTP/1.1" % (request.words[0], request.words[1]),
        *(field for field in request.passed_on() if field[0] not in _NOT_FOR_ENGINES),
        (b"host", upstream.encode()),
        (b"connection", b"close"),
        (b"accept-encoding", b"identity"),
        (b"content-length", b"%d" % len(request.body)),
    )


def _head(first: bytes, *fields: Field) -> bytes:
    return b"\r\n".join([first, *(b"%b: %b" % field for field in fields), b"", b""])


def _whole(status: int, value: Any, *fields: Field) -> bytes:
    body = json.dumps(value).encode()
    framing = (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))
    return _head(b"HTTP/1.1 %d " % status, *fields, *framing) + body


def _error(message: str, kind: str, code: str) -> Mapping[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _report(error: BaseException | None) -> None:
    """Kind and place alone: the text of an error can quote what was said."""
    place = traceback.extract_tb(error.__traceback__)[-1].lineno if error and error.__traceback__ else "?"
    print(f"unexpected {type(error).__name__}, line {place}", file=sys.stderr, flush=True)


class Client(asyncio.StreamReaderProtocol):
    """One connection of Caddy; when it goes, the request that is being answered is cancelled."""

    def __init__(self, relay: Relay, clients: "set[Client]") -> None:
        super().__init__(asyncio.StreamReader(limit=_READ_BYTES), self._begin)
        self._relay = relay
        self._clients = clients
        self._last = False
        self._between_requests = True

    def eof_received(self) -> bool:
        super().eof_received()
        return False  # Caddy closes no half: one that sends no more does not listen either

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.serving.cancel()
        self._clients.discard(self)

    def finish(self) -> None:
        """Take no further request."""
        self._last = True
        if self._between_requests:
            self._writer.close()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.serving = asyncio.create_task(self._serve(reader))
        self._clients.add(self)

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        try:
            while not (self._last or self._writer.is_closing()):
                self._between_requests = True
                request = await _message(reader)
                self._between_requests = False
                request.body = b"".join([piece async for piece in _body(reader, request)])
                await self._relay.answer(request, self._writer)
        except _BROKEN:
            pass  # Caddy has gone, or it is not Caddy
        finally:
            self._writer.close()
        await self._writer.wait_closed()


async def _run(port: int, keep_alive_s: float) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _report(context.get("exception")))
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    relay, clients = Relay(keep_alive_s), set[Client]()
    # On every interface of its container, which is on a private network only.
    server = await loop.create_server(lambda: Client(relay, clients), "0.0.0.0", port, backlog=1024)  # noqa: S104
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()
    for client in clients:
        client.finish()
    await asyncio.gather(*(client.serving for client in clients), return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep-alive-s", type=float, required=True)
    args = parser.parse_args()
    # Two sockets for each stream: the usual 1,024 files would be 500 streams.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_run(args.port, args.keep_alive_s))


if __name__ == "__main__":
    main()

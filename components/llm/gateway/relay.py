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
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

_HEAD_BYTES = _READ_BYTES = 64 << 10
_CONNECT_LIMIT_S, _CONNECT_AGAIN_FOR_S, _CONNECT_PAUSE_S = 5.0, 1.0, 0.1
_REFUSAL_BYTES, _MESSAGE_CHARACTERS = 64 << 10, 1000
_COMMENT = b": keep-alive\n\n"
_FIELD_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_UPSTREAM = re.compile(r"[a-z0-9.-]+:[0-9]+")
_BROKEN = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
# RFC 9110, 7.6.1, and the framing, which is the relay's own on both sides.
_OF_ONE_CONNECTION = frozenset(
    b"connection proxy-connection keep-alive te trailer transfer-encoding upgrade content-length expect".split()
)
# An engine gets no secret, and it shall not compress: a comment can be put into plain text only.
_NOT_FOR_ENGINES = frozenset(b"host authorization trugen-routes accept-encoding".split())
Fields = list[tuple[bytes, bytes]]
_EVENT_STREAM: Fields = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]


@dataclass(frozen=True)
class Head:
    """The words of the first line, and the fields: names in lower case, in the order they came."""

    words: list[bytes]
    fields: Fields

    @property
    def status(self) -> int:
        return int(self.words[1])

    @property
    def is_event_stream(self) -> bool:
        return self.value(b"content-type").partition(b";")[0].strip().lower() == b"text/event-stream"

    def value(self, name: bytes) -> bytes:
        return dict(self.fields).get(name, b"")

    def passed_on(self) -> Fields:
        named = {name.strip() for name in self.value(b"connection").lower().split(b",")}
        return [field for field in self.fields if field[0] not in _OF_ONE_CONNECTION | named]


@dataclass
class Request:
    head: Head
    body: bytes

    @property
    def route(self) -> tuple[bytes, bytes]:
        method, target, *_ = self.head.words
        return method, target.partition(b"?")[0]

    def asked(self) -> Mapping[str, Any]:
        """Members of the JSON object in the body; none where it is anything else."""
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    def head_for(self, upstream: str) -> bytes:
        method, target, *_ = self.head.words
        fields = [field for field in self.head.passed_on() if field[0] not in _NOT_FOR_ENGINES]
        fields += [(b"host", upstream.encode()), (b"connection", b"close"), (b"accept-encoding", b"identity")]
        fields += [(b"content-length", b"%d" % len(self.body))]
        return _written(b"%b %b HTTP/1.1" % (method, target), fields)


class Routes(NamedTuple):
    live: str
    models: Mapping[str, str]

    def upstream(self, model: object) -> str:
        return self.models.get(model, self.live) if isinstance(model, str) else self.live


def routes_in(field: bytes) -> Routes | None:
    """None where the field is empty or broken, as the file behind it is missing while it is replaced."""
    try:
        told = json.loads(field)
        routes = Routes(told["live"], dict(told["models"]))
        return routes if all(map(_UPSTREAM.fullmatch, [routes.live, *routes.models.values()])) else None
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

    def begin(self, head: Head) -> None:
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

    def refuse(self, status: int, message: str, code: str, fields: Fields | None = None) -> None:
        """An error of OpenAI's shape: the whole answer, or the last event of the one that has begun."""
        error = {"error": {"message": message, "type": "server_error", "param": None, "code": code}}
        if self.started:
            self._chunk(b"data: %b\n\n" % json.dumps(error).encode())
            self.end()
        else:
            self._writer.write(_whole(status, error, fields))

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
            self._comment()
            self._heard_at_s = now_s
        self._timer = self._loop.call_at(self._heard_at_s + self._keep_alive_s, self._listen)

    def _comment(self) -> None:
        if not self.started:
            self._start(HTTPStatus.OK, _EVENT_STREAM)
        if not self._tail or self._tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").endswith(b"\n\n"):
            self._chunk(_COMMENT)

    def _start(self, status: int, fields: Fields) -> None:
        self.started = True
        self._writer.write(_written(b"HTTP/1.1 %d " % status, [*fields, (b"transfer-encoding", b"chunked")]))

    def _chunk(self, data: bytes) -> None:
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))


class Relay:
    def __init__(self, keep_alive_s: float) -> None:
        self._keep_alive_s = keep_alive_s
        self._routes: Routes | None = None
        self._in_flight: Counter[str] = Counter()

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        match request.route:
            case (b"POST", b"/v1/chat/completions") | (b"GET", b"/v1/models"):
                answer = Answer(writer, self._keep_alive_s)
                with contextlib.closing(answer):
                    await self._relay(request, answer)
            case (b"GET", b"/in-flight"):
                writer.write(_whole(200, +self._in_flight))
            case (b"GET", b"/healthz"):
                writer.write(_whole(200, {}))
            case _:
                error = {"message": "There is no such route.", "type": "invalid_request_error", "param": None}
                writer.write(_whole(404, {"error": {**error, "code": "not_found"}}))

    async def _relay(self, request: Request, answer: Answer) -> None:
        self._routes = routes_in(request.head.value(b"trugen-routes")) or self._routes
        if self._routes is None:
            answer.refuse(503, "No model is served yet.", "no_model_yet", [(b"retry-after", b"1")])
            return
        asked = request.asked()
        upstream = self._routes.upstream(asked.get("model"))
        if asked.get("stream") is True:
            answer.keep_alive()
        with self._counted(upstream):
            try:
                await _pass_on(request, upstream, answer)
            except Exception as error:  # noqa: BLE001 - one request's fault must not end the connection without a word
                _report(error)
                if answer.started:
                    answer.abort()
                else:
                    answer.refuse(500, "The request could not be passed on.", "internal_error")

    @contextlib.contextmanager
    def _counted(self, upstream: str) -> Iterator[None]:
        self._in_flight[upstream] += 1
        try:
            yield
        finally:
            self._in_flight[upstream] -= 1


async def _pass_on(request: Request, upstream: str, answer: Answer) -> None:
    try:
        reader, writer = await _connected(upstream)
    except (OSError, UnicodeError):  # UnicodeError: a name that cannot be one, like `engine..a`
        answer.refuse(502, "The model server cannot be reached.", "bad_gateway")
        return
    try:
        # Not drained: an engine may refuse before it has read all of it.
        writer.write(request.head_for(upstream))
        writer.write(request.body)
        request.body = b""  # an answer takes minutes, and so much memory its prompt shall not take
        head = await _final_head(reader)
    except _BROKEN:
        answer.refuse(502, "The model server broke off before it answered.", "bad_gateway")
    else:
        await _stream(head, reader, answer)
    finally:
        writer.transport.abort()  # what cancels the generation when it is the client that has gone


async def _stream(head: Head, reader: asyncio.StreamReader, answer: Answer) -> None:
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


async def _refusal(head: Head, reader: asyncio.StreamReader) -> str:
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
                return await asyncio.open_connection(host, int(port), limit=_HEAD_BYTES)
        except OSError:
            if asyncio.get_running_loop().time() >= give_up_at_s:
                raise
        await asyncio.sleep(_CONNECT_PAUSE_S)


async def _head(reader: asyncio.StreamReader) -> Head:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\n")
    # Written anew line by line, so that an engine cannot end its head early for Caddy and smuggle a second answer.
    parted = [line.partition(b":") for line in lines if line.strip()]
    fields = [(name.lower(), value.strip()) for name, _, value in parted]
    if not all(_FIELD_NAME.fullmatch(name) for name, _ in fields):
        raise ValueError("no field of HTTP")
    return Head(first.split(), fields)


async def _final_head(reader: asyncio.StreamReader) -> Head:
    while (head := await _head(reader)).status in range(100, 200):
        pass
    return head


async def _body(reader: asyncio.StreamReader, head: Head, *, to_end: bool = False) -> AsyncIterator[bytes]:
    """
    Pieces as they come; *to_end*: of unknown length it ends with the connection.

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


def _written(first: bytes, fields: Fields) -> bytes:
    return b"\r\n".join([first, *(b"%b: %b" % field for field in fields), b"", b""])


def _whole(status: int, value: Any, fields: Fields | None = None) -> bytes:
    body = json.dumps(value).encode()
    framing = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    return _written(b"HTTP/1.1 %d " % status, [*(fields or []), *framing]) + body


def _report(error: BaseException | None) -> None:
    """Kind and place alone: the text of an error can quote what was said."""
    place = traceback.extract_tb(error.__traceback__)[-1].lineno if error and error.__traceback__ else "?"
    print(f"unexpected {type(error).__name__}, line {place}", file=sys.stderr, flush=True)


class Client(asyncio.StreamReaderProtocol):
    """One connection of Caddy; when it goes, the request that is being answered is cancelled."""

    def __init__(self, relay: Relay, all_clients: "set[Client]") -> None:
        super().__init__(asyncio.StreamReader(limit=_HEAD_BYTES), self._begin)
        self._relay = relay
        self._all = all_clients
        self._last = False
        self._between_requests = True

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.serving = asyncio.create_task(self._serve(reader, writer))
        self._all.add(self)

    def eof_received(self) -> bool:
        super().eof_received()
        return False  # Caddy closes no half: one that sends no more does not listen either

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.serving.cancel()
        self._all.discard(self)

    def finish(self) -> None:
        """Take no further request."""
        self._last = True
        if self._between_requests:
            self._writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not (self._last or writer.is_closing()):
                self._between_requests = True
                head = await _head(reader)
                self._between_requests = False
                body = b"".join([piece async for piece in _body(reader, head)])
                await self._relay.answer(Request(head, body), writer)
        except (OSError, EOFError):
            pass  # gone
        except Exception as error:  # noqa: BLE001 - told in one line of our own, without contents
            _report(error)
        writer.close()
        await writer.wait_closed()


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

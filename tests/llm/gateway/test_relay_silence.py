"""When a comment is due, on a clock of the test's own: the one part of the relay that is looked at from within."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from components.llm.gateway.relay import Answer, Message
from tests.fixtures.relay_process import COMMENT

EVENT = b"data: 1\n\n"


class _SteppedLoop(asyncio.SelectorEventLoop):
    now_s = 0.0

    def time(self) -> float:
        return self.now_s

    async def pass_by(self, seconds: float) -> None:
        self.now_s += seconds
        for _ in range(3):  # what is due runs, and what that makes due
            await asyncio.sleep(0)


class _Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def taken(self) -> bytes:
        sent, self.sent = self.sent, b""
        return sent


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _with_an_answer(act: Callable[[_SteppedLoop, Answer, _Wire], Awaitable[None]]) -> None:
    loop = _SteppedLoop()

    async def run() -> None:
        wire = _Wire()
        reader = asyncio.StreamReader()
        writer = asyncio.StreamWriter(wire, asyncio.StreamReaderProtocol(reader), reader, loop)
        with contextlib.closing(writer):
            await act(loop, Answer(writer, 10), wire)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_the_silence_is_counted_from_the_last_byte_of_the_engine() -> None:
    async def act(loop: _SteppedLoop, answer: Answer, wire: _Wire) -> None:
        answer.keep_alive()
        for _ in range(5):
            await loop.pass_by(9)
            await answer.send(EVENT)
            assert wire.taken() == _framed(EVENT)
        await loop.pass_by(9.9)
        assert wire.taken() == b""
        answer.started = True
        await loop.pass_by(0.1)
        assert wire.taken() == _framed(COMMENT)

    _with_an_answer(act)


def test_a_silence_is_broken_every_ten_seconds_and_no_oftener() -> None:
    async def act(loop: _SteppedLoop, answer: Answer, wire: _Wire) -> None:
        answer.keep_alive()
        await loop.pass_by(10)
        assert wire.taken().endswith(b"\r\n\r\n" + _framed(COMMENT))
        for _ in range(5):
            await loop.pass_by(9)
            assert wire.taken() == b""
            await loop.pass_by(1)
            assert wire.taken() == _framed(COMMENT)

    _with_an_answer(act)


def test_who_asks_for_a_stream_and_gets_something_else_in_time_hears_no_comment() -> None:
    async def act(loop: _SteppedLoop, answer: Answer, wire: _Wire) -> None:
        answer.keep_alive()
        await loop.pass_by(9)
        answer.begin(Message([b"HTTP/1.1", b"500"], [(b"content-type", b"application/json")]))
        await loop.pass_by(100)
        assert wire.taken() == b"HTTP/1.1 500 \r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

    _with_an_answer(act)


def test_a_closed_answer_is_silent() -> None:
    async def act(loop: _SteppedLoop, answer: Answer, wire: _Wire) -> None:
        answer.keep_alive()
        answer.close()
        await loop.pass_by(100)
        assert wire.taken() == b""

    _with_an_answer(act)

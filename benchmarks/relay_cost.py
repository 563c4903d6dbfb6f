"""
What does the relay of the gateway cost? A thousand streams through it beside a thousand without it.

A stand-in for an engine answers each chat with an event at once and two more each second, and stamps every event with
the machine's monotonic clock. The client opens its streams in pairs, one direct and one relayed, and notes how long the
first event takes (TTFT) and how old each later event is when it arrives. Both kinds run at the same time, so that
whatever else the machine does is in both, and the difference is the relay's. Engine, relay and client are processes of
one thread each on the same machine. The relay's CPU time and memory are read from /proc.

`python -m benchmarks relay_cost [streams] [rounds]`; a round takes about 13 s.
"""

import asyncio
import contextlib
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

RELAY = Path(__file__).resolve().parents[1] / "components" / "llm" / "gateway" / "relay.py"
OPENING_S, EVENTS, EVENT_EVERY_S = 5.0, 16, 0.5
_STAMP = re.compile(rb'"stamp": (\d+)')
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_NS_PER_MS = 1e6
_TEXT = "x" * 200  # an event of vLLM or Ollama has about 250 bytes


@dataclass
class Delays:
    """In milliseconds; a stream gives one of the first kind and `EVENTS` - 1 of the second."""

    ttft: list[float] = field(default_factory=list)
    event: list[float] = field(default_factory=list)


def main(streams: int = 1000, rounds: int = 3) -> None:
    _allow_files()
    direct, relayed = Delays(), Delays()
    with _engine() as engine_port, _relay() as (relay, relay_port):
        idle_kib = _memory_kib(relay.pid, "VmRSS")
        before_s, start_s = _cpu_s(relay.pid), time.monotonic()
        for _ in range(rounds):
            asyncio.run(_pairs(streams, (engine_port, direct), (relay_port, relayed), engine_port))
        cpu_s, wall_s = _cpu_s(relay.pid) - before_s, time.monotonic() - start_s
        peak_kib = _memory_kib(relay.pid, "VmHWM")
    assert len(relayed.ttft) == len(direct.ttft) == streams * rounds
    assert len(relayed.event) == len(direct.event) == streams * rounds * (EVENTS - 1)
    print(
        f"{streams} streams each way, {1 / EVENT_EVERY_S:g} events/s each, opened in {OPENING_S:g} s; {rounds} rounds"
    )
    _report("TTFT", direct.ttft, relayed.ttft)
    _report("event", direct.event, relayed.event)
    us_per_event = cpu_s / (streams * rounds * EVENTS) * 1e6
    print(f"CPU     {cpu_s / wall_s:.0%} of one core: {us_per_event:.0f} us an event, the opening of streams included")
    print(f"memory  {(peak_kib - idle_kib) / streams:.1f} KiB a stream, {peak_kib / 1024:.1f} MiB in all at most")


def _report(what: str, direct: list[float], relayed: list[float]) -> None:
    for name, percent in (("p50", 50), ("p99", 99)):
        without_ms, with_ms = (statistics.quantiles(each, n=100)[percent - 1] for each in (direct, relayed))
        told = f"{without_ms:6.2f} ms direct, {with_ms:6.2f} ms relayed: {with_ms - without_ms:+.2f} ms"
        print(f"{what:<7} {name}  {told}, {with_ms / without_ms:.1f} times")


async def _pairs(streams: int, one: tuple[int, Delays], other: tuple[int, Delays], engine_port: int) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(streams):
            for port, delays in (one, other):
                group.create_task(_stream(port, engine_port, delays))
                await asyncio.sleep(OPENING_S / streams / 2)


async def _stream(port: int, engine_port: int, delays: Delays) -> None:
    routes = f'{{"live": "127.0.0.1:{engine_port}", "models": {{}}}}'
    body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTrugen-Routes: {routes}\r\nContent-Length: {len(body)}"
    start_ns = time.monotonic_ns()
    writer.write(head.encode() + b"\r\n\r\n" + body)
    await reader.readuntil(b"\r\n\r\n")
    for index in range(EVENTS):
        event = await reader.readuntil(b"\n\n")
        now_ns = time.monotonic_ns()
        if index == 0:
            delays.ttft.append((now_ns - start_ns) / _NS_PER_MS)
        else:
            stamp = _STAMP.search(event)
            assert stamp, event
            delays.event.append((now_ns - int(stamp[1])) / _NS_PER_MS)
    writer.close()


@contextlib.contextmanager
def _engine() -> Iterator[int]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(parent: Connection) -> None:
    _allow_files()
    asyncio.run(_serve_streams(parent))


async def _serve_streams(parent: Connection) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=1024)
    parent.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    due_s = time.monotonic()
    for _ in range(EVENTS):
        event = b'data: {"stamp": %d, "text": "%b"}\n\n' % (time.monotonic_ns(), _TEXT.encode())
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        due_s += EVENT_EVERY_S
        await asyncio.sleep(due_s - time.monotonic())
    writer.close()


@contextlib.contextmanager
def _relay() -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    command = [sys.executable, "-c", RELAY.read_text(), "--port", "0", "--keep-alive-s", "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as relay:
        assert relay.stdout
        try:
            yield relay, int(relay.stdout.readline().split()[-1])
        finally:
            relay.kill()


def _allow_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _memory_kib(pid: int, name: str) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition(f"{name}:")[2].split()[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

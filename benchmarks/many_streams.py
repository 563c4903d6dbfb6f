"""
A thousand streams at once through the gateway: is one dropped or held back, and what does the way through add?

A scripted engine (`scripted_engine.py`; SmolLM2 on one CPU thread could not) answers each stream for 20 s with an event
every half a second. Two doors at the same time, so that both have the same neighbours: the engine's own published port,
and the gateway of a stack that `pulumi up` made, Caddy and relay with all their limits. *Added* is the difference
between the doors' percentiles. An event is *buffered* when it came in one read with another that was sent 100 ms or
more after it.

`python -m benchmarks many_streams [streams] [rounds]`: 1,000 streams at each door, three rounds take three minutes.
The client, the engine and the gateway share the cores: the time to first token is that of a loaded machine.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Self

import docker

from benchmarks.deployed_gateway import Gateway, Weight, deployed_gateway, weight_of
from benchmarks.streaming_client import Outcome, hold, most_at_once

EVENTS, INTERVAL_S = 40, 0.5
_BEGIN_WITHIN_S = 10.0
# Half-way between the last stream's first event and the first one's last.
_ALL_OPEN_S = (_BEGIN_WITHIN_S + EVENTS * INTERVAL_S) / 2
_LIMIT_S = 120.0
_WARM_UP_STREAMS = 50
DIRECT, THROUGH = "engine directly", "through the gateway"
CADDY, RELAY = "Caddy", "relay"


@dataclass(frozen=True)
class Load:
    """What a container took while it held streams, by its name."""

    container: str
    bytes_per_stream: float
    cores: float

    @classmethod
    def between(
        cls, container: str, empty: Weight, before: Weight, during: Weight, streams: int, took_s: float
    ) -> Self:
        """*empty*: before any round, since what a first round took is kept for the next one."""
        more_bytes = during.memory_bytes - empty.memory_bytes
        return cls(container, more_bytes / streams, (during.cpu_s - before.cpu_s) / took_s)


def main(streams: int = 1000, rounds: int = 3) -> None:
    client = docker.from_env()
    outcomes: dict[str, list[Sequence[Outcome]]] = {DIRECT: [], THROUGH: []}
    loads: list[Load] = []
    # Twice as many may be open: the limit counts a stream until its last byte is away.
    with deployed_gateway(client, events=EVENTS, interval_s=INTERVAL_S, streams=2 * streams) as made:
        _hold(made, _WARM_UP_STREAMS)
        boxes = {CADDY: made.caddy, RELAY: made.relay}
        empty = {name: weight_of(client, box) for name, box in boxes.items()}
        for _ in range(rounds):
            before = {name: weight_of(client, box) for name, box in boxes.items()}
            began_s = time.monotonic()
            with ThreadPoolExecutor(1) as thread:
                held = thread.submit(_hold, made, streams)
                time.sleep(_ALL_OPEN_S)
                during = {name: weight_of(client, box) for name, box in boxes.items()}
                took_s = time.monotonic() - began_s
                for door, each in held.result().items():
                    outcomes[door].append(each)
            loads += [Load.between(name, empty[name], before[name], during[name], streams, took_s) for name in boxes]
    print("\n".join(report(outcomes, loads)))


def _hold(made: Gateway, streams: int) -> dict[str, Sequence[Outcome]]:
    """So many at each door, by its name."""

    async def both() -> tuple[Sequence[Outcome], Sequence[Outcome]]:
        begin = partial(hold, streams=streams, within_s=_BEGIN_WITHIN_S, limit_s=_LIMIT_S, max_tokens=EVENTS)
        return await asyncio.gather(begin(made.direct), begin(made.through))

    return dict(zip((DIRECT, THROUGH), asyncio.run(both()), strict=True))


def report(outcomes: dict[str, list[Sequence[Outcome]]], loads: Sequence[Load]) -> list[str]:
    lines = [f"{'':<20} {'streams':>8} {'at once':>8} {'dropped':>8} {'buffered':>9} {'TTFT p50':>9} {'p99':>9}"]
    for door, rounds in outcomes.items():
        lines += [_line(door, each) for each in rounds]
    for percent in (50, 99):
        each = [
            percentile(_ttft_s(through), percent) - percentile(_ttft_s(direct), percent)
            for direct, through in zip(outcomes[DIRECT], outcomes[THROUGH], strict=True)
        ]
        lines.append(f"added TTFT p{percent}: {', '.join(f'{1000 * seconds:.1f} ms' for seconds in each)}")
    for name in (CADDY, RELAY):
        of_it = [load for load in loads if load.container == name]
        kib = ", ".join(f"{load.bytes_per_stream / 1024:.0f} KiB" for load in of_it)
        cores = ", ".join(f"{load.cores:.2f}" for load in of_it)
        lines.append(f"{name}: {kib} of memory for each stream, {cores} cores")
    return lines


def _line(door: str, outcomes: Sequence[Outcome]) -> str:
    dropped = sum(not each.ok or each.events != EVENTS for each in outcomes)
    buffered = sum(each.buffered for each in outcomes)
    ttft_s = _ttft_s(outcomes)
    told = " ".join(f"{f'{1000 * percentile(ttft_s, percent):.1f} ms':>9}" for percent in (50, 99))
    return f"{door:<20} {len(outcomes):>8} {most_at_once(outcomes):>8} {dropped:>8} {buffered:>9} {told}"


def _ttft_s(outcomes: Sequence[Outcome]) -> list[float]:
    return sorted(each.ttft_s for each in outcomes if each.ttft_s is not None)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Nearest rank."""
    assert ordered, "nothing was measured"
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]

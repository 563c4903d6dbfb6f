"""
Kill the engine, the gateway's containers and dockerd under load: how long until all is served again, by itself?

The processes are killed by their ids (SIGKILL) while two workers stream short answers of SmolLM2 without pause. dockerd
is one of this benchmark's own, and started again after two seconds, as systemd would do it.
*Back after*: from the kill to the end of the first good stream after the last failure. Beside ours, the same with
Docker Compose and `restart: always`: with `unless-stopped` no container comes back. A dockerd that finds containers
alive stops them first, and remembers that as somebody's wish (moby/moby issue 41302; seen with 20.10.24).

`python -m benchmarks.kills`: some minutes. Needs root and Docker; not part of `make bench`, which does with less.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Protocol

import docker

from air_gapped import pins
from benchmarks.compose_contender import CADDY_IMAGE, compose
from benchmarks.own_dockerd import Dockerd, in_own_namespaces, own_dockerd, wait_until_it_answers
from benchmarks.restless_client import Tally, WithoutPause
from benchmarks.streaming_client import Endpoint, Outcome
from benchmarks.without_pause import ours
from components.llm.gateway.document import GatewaySettings

WORKERS = 2
DOCKERD = "dockerd"
_INSIDE = "inside"
_BETWEEN = 20
_LIMIT_S = 180.0
_LOOK_EVERY_S = 0.2


class Stack(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def victims(self) -> Sequence[str]:
        """Ends of the names of its containers."""

    def endpoint(self) -> Endpoint: ...

    def containers(self) -> Sequence[str]:
        """Names of all its containers."""


@dataclass(frozen=True)
class Killed:
    """*back_s* is None when no request failed."""

    stack: str
    victim: str
    tally: Tally
    back_s: float | None


def main() -> None:
    settings = GatewaySettings()
    assert settings.image == CADDY_IMAGE
    images = (pins.OLLAMA_IMAGE, pins.LLAMA_CPP_IMAGE, settings.image, settings.relay_image)
    in_own_namespaces("benchmarks.kills", images, _INSIDE)


def inside() -> None:
    """What `main` starts, in namespaces of its own."""
    stacks: Sequence[Callable[[], AbstractContextManager[Stack]]] = (ours, compose)
    with own_dockerd() as dockerd:
        for make in stacks:
            with make() as stack:
                print("\n".join(report(measured(stack, dockerd))), flush=True)


def measured(stack: Stack, dockerd: Dockerd) -> list[Killed]:
    killed = []
    with WithoutPause(stack.endpoint, workers=WORKERS) as client:
        client.wait_for(_BETWEEN, limit_s=_LIMIT_S)
        for victim in (*stack.victims, DOCKERD):
            client.begin(victim)
            at_s = time.monotonic()
            _kill(stack, victim, dockerd)
            client.wait_for(_BETWEEN, limit_s=_LIMIT_S)
            _wait_until_running(stack)
            client.wait_for(_BETWEEN, limit_s=_LIMIT_S)
            killed.append(Killed(stack.name, victim, client.tally(victim), back_s(client.outcomes(), at_s)))
    return killed


def _kill(stack: Stack, victim: str, dockerd: Dockerd) -> None:
    if victim == DOCKERD:
        dockerd.kill()
        return
    (name,) = (each for each in stack.containers() if each.endswith(victim))
    with closing(docker.from_env()) as client:
        os.kill(client.containers.get(name).attrs["State"]["Pid"], signal.SIGKILL)


def _wait_until_running(stack: Stack) -> None:
    """A dockerd that was killed leaves its containers serving, and starts them anew when it is back."""
    wait_until_it_answers()
    over_at_s = time.monotonic() + _LIMIT_S
    with closing(docker.from_env()) as client:
        while any(client.containers.get(name).status != "running" for name in stack.containers()):
            assert time.monotonic() < over_at_s, "a container was not started again"
            time.sleep(_LOOK_EVERY_S)


def back_s(outcomes: Sequence[Outcome], killed_at_s: float) -> float | None:
    failed = [each.ended_s for each in outcomes if not each.ok and each.ended_s > killed_at_s]
    if not failed:
        return None
    return min(each.ended_s for each in outcomes if each.ok and each.ended_s > max(failed)) - killed_at_s


def report(killed: Sequence[Killed]) -> list[str]:
    lines = [f"{'':<18} {'killed':<9} {'requests':>8} {'failed':>7} {'broken':>7} {'silence':>8} {'back after':>11}"]
    for each in killed:
        back = "-" if each.back_s is None else f"{each.back_s:.1f} s"
        tally, victim = each.tally, each.victim.removeprefix("-")
        lines.append(
            f"{each.stack:<18} {victim:<9} {tally.requests:>8} {tally.failed:>7} {tally.broken:>7}"
            f" {f'{tally.longest_silence_s:.1f} s':>8} {back:>11}"
        )
    return lines


if __name__ == "__main__":
    if sys.argv[1:] == [_INSIDE]:
        inside()
    else:
        main()

"""
The gateway, its relay, the engine and dockerd are killed under a client that never pauses: how long is nobody served?

Each by SIGKILL of its process, and nobody helps: Docker restarts the containers, and this program starts dockerd again
after a second, as systemd does. The Docker engine is one of its own, since it is killed. *Back after* is from the kill
to the end of the first stream that began after it; *steady after* to the end of the last request that failed.

`python -m benchmarks recovery`: about two minutes.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import docker

from air_gapped import pins
from benchmarks.restless_client import Tally, WithoutPause
from benchmarks.second_docker import SecondDocker, second_docker
from benchmarks.without_pause import WORKERS, ours

_IMAGES = (pins.CADDY_IMAGE, pins.PYTHON_IMAGE, pins.LLAMA_CPP_IMAGE)
_CONTAINERS = ("gateway", "relay", "a")
_BEFORE, _AFTER = 20, 60
_LIMIT_S = 180.0
_RESTARTED_AFTER_S = 1.0


@dataclass(frozen=True)
class Recovered:
    """What one kill did."""

    killed: str
    back_after_s: float
    steady_after_s: float
    tally: Tally


def main() -> None:
    with second_docker(_IMAGES) as engine:
        print("\n".join(report(list(measured(engine)))), flush=True)


def measured(engine: SecondDocker) -> Iterator[Recovered]:
    with ours() as stack, WithoutPause(stack.endpoint, workers=WORKERS) as client:
        kills: dict[str, Callable[[], None]] = {
            name: partial(_kill_container, f"{stack.deployment.stack}-main-{name}") for name in _CONTAINERS
        }
        kills["dockerd"] = partial(_kill_dockerd, engine)
        for name, kill in kills.items():
            client.begin(f"before {name}")
            client.wait_for(_BEFORE, limit_s=_LIMIT_S)
            client.begin(name)
            killed_at_s = time.monotonic()
            kill()
            client.wait_for(_AFTER, limit_s=_LIMIT_S)
            yield recovered(name, killed_at_s, client)


def recovered(name: str, killed_at_s: float, client: WithoutPause) -> Recovered:
    """From all that ended since the kill."""
    since = [each for each in client.outcomes() if each.ended_s > killed_at_s]
    good = [each.ended_s for each in since if each.ok and each.began_s > killed_at_s]
    bad = [each.ended_s for each in since if not each.ok]
    return Recovered(name, min(good) - killed_at_s, max(bad, default=killed_at_s) - killed_at_s, Tally.of(since))


def report(kills: list[Recovered]) -> list[str]:
    head = f"{'killed':<8} {'failed':>7} {'broken':>7} {'back after':>11} {'steady after':>13}"
    return [head, *map(_line, kills)]


def _line(each: Recovered) -> str:
    times = f"{f'{each.back_after_s:.1f} s':>11} {f'{each.steady_after_s:.1f} s':>13}"
    return f"{each.killed:<8} {each.tally.failed:>7} {each.tally.broken:>7} {times}"


def _kill_container(ending: str) -> None:
    with _docker() as client:
        (container,) = [each for each in client.containers.list() if str(each.name).endswith(ending)]
        os.kill(int(container.attrs["State"]["Pid"]), signal.SIGKILL)


def _kill_dockerd(engine: SecondDocker) -> None:
    engine.kill()
    time.sleep(_RESTARTED_AFTER_S)
    engine.start()


@contextmanager
def _docker() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    try:
        yield client
    finally:
        client.close()

"""
How long after an endpoint can serve do we know it? The gate against the docker provider's own `wait`.

A container holds a server that starts listening after about 0.5, 5 or 30 s (10 % more or less, so that no start falls
on the beat of a timer) and then answers at once. The delay runs from that moment, by its own clock on the same machine,
to the verdict. Beside the gate, in the same rounds, runs the rule of
`Container(wait=True)`: inspect, sleep a second, until Docker says `healthy`
(kreuzwerker/terraform-provider-docker, resource_docker_container_funcs.go). Docker says so at the first good health
check, so the rule is measured with Docker's default interval of 30 s and with a tight one of 1 s. Both ask the server
for its models; only the gate asks for streams too (one to warm, two in a row).

Needs Docker and Go. `python -m benchmarks.gate_delay [rounds]`; a round takes about 100 s.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import docker
from docker.models.containers import Container

from benchmarks import slow_server

STARTS_S = (0.5, 5.0, 30.0)
INTERVALS_S = (1, 30)
GATE = "gate"


@dataclass(frozen=True)
class Delay:
    start_s: float
    judge: str
    seconds: float


def main(rounds: int = 3) -> None:
    client = docker.from_env()
    chance = random.Random(3)  # noqa: S311 - the same start-ups on every run, nothing secret
    delays = []
    with slow_server.image(client):
        for _ in range(rounds):
            for start_s in STARTS_S:
                delays += _measure(client, start_s, start_s * chance.uniform(0.9, 1.1))
    _report(delays)


def _measure(client: docker.DockerClient, start_s: float, exact_s: float) -> list[Delay]:
    with (
        slow_server.server(client, "refuses", exact_s, interval_s=INTERVALS_S[0], health_path="/v1/models") as tight,
        slow_server.server(client, "refuses", exact_s, interval_s=INTERVALS_S[1], health_path="/v1/models") as default,
        ThreadPoolExecutor() as threads,
    ):
        judged: list[tuple[str, Container, Callable[[Container], None]]] = [
            (GATE, tight, lambda box: slow_server.gate(box, "other")),
            (f"wait, {INTERVALS_S[0]} s", tight, slow_server.docker_wait),
            (f"wait, {INTERVALS_S[1]} s", default, slow_server.docker_wait),
        ]
        verdicts = [(judge, box, threads.submit(_verdict_ns, wait, box)) for judge, box, wait in judged]
        return [
            Delay(start_s, judge, (verdict.result() - slow_server.ready_at_ns(box)) / slow_server.NS_PER_S)
            for judge, box, verdict in verdicts
        ]


def _verdict_ns(wait: Callable[[Container], None], box: Container) -> int:
    wait(box)
    return time.time_ns()


def _report(delays: list[Delay]) -> None:
    print(f"{'start-up':>8}  {'judge':<10} {'mean':>8} {'worst':>8}  times the gate's")
    for start_s in STARTS_S:
        by_judge: dict[str, list[float]] = {}
        for delay in delays:
            if delay.start_s == start_s:
                by_judge.setdefault(delay.judge, []).append(delay.seconds)
        gate_s = statistics.mean(by_judge[GATE])
        for judge, seconds in by_judge.items():
            mean_s = statistics.mean(seconds)
            line = f"{start_s:>6.1f} s  {judge:<10} {mean_s:>6.2f} s {max(seconds):>6.2f} s"
            print(line if judge == GATE else f"{line}  {mean_s / gate_s:.1f}")
    assert len(delays) > 0
    print(f"{len(delays) // (3 * len(STARTS_S))} rounds")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

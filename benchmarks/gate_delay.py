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

import io
import os
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.containers import Container

from components.llm.readiness import Budget, Target, wait_until_ready

STARTS_S = (0.5, 5.0, 30.0)
INTERVALS_S = (1, 30)
IMAGE = "trugen-llm-benchmark/slow-llm:latest"
GATE = "gate"
SOURCE = Path(__file__).parent / "slow_llm"
NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Delay:
    start_s: float
    judge: str
    seconds: float


def main(rounds: int = 3) -> None:
    client = docker.from_env()
    _make_image(client)
    chance = random.Random(3)  # noqa: S311 - the same start-ups on every run, nothing secret
    delays = []
    try:
        for _ in range(rounds):
            for start_s in STARTS_S:
                delays += _measure(client, start_s, start_s * chance.uniform(0.9, 1.1))
    finally:
        client.images.remove(IMAGE)
    _report(delays)


def _measure(client: docker.DockerClient, start_s: float, exact_s: float) -> list[Delay]:
    with (
        _server(client, exact_s, INTERVALS_S[0]) as tight,
        _server(client, exact_s, INTERVALS_S[1]) as default,
        ThreadPoolExecutor() as threads,
    ):
        judged: list[tuple[str, Container, Callable[[Container], None]]] = [
            (GATE, tight, _gate),
            (f"wait, {INTERVALS_S[0]} s", tight, _provider_wait),
            (f"wait, {INTERVALS_S[1]} s", default, _provider_wait),
        ]
        verdicts = [(judge, box, threads.submit(_verdict_ns, wait, box)) for judge, box, wait in judged]
        return [
            Delay(start_s, judge, (verdict.result() - int(box.logs())) / NS_PER_S) for judge, box, verdict in verdicts
        ]


def _verdict_ns(wait: Callable[[Container], None], box: Container) -> int:
    wait(box)
    return time.time_ns()


def _gate(box: Container) -> None:
    port = box.attrs["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"]
    target = Target(f"http://127.0.0.1:{port}/v1", "slow", "other", container_id=box.id)
    wait_until_ready(target, budget=Budget(), on_progress=lambda _: None)


def _provider_wait(box: Container) -> None:
    while True:
        box.reload()
        if box.attrs["State"]["Health"]["Status"] == "healthy":
            return
        time.sleep(1)


@contextmanager
def _server(client: docker.DockerClient, start_s: float, interval_s: int) -> Iterator[Container]:
    # Failures while starting do not count against it, as one would set it for a model.
    check = {"test": ["CMD", "/slow_llm", "check"], "interval": interval_s * NS_PER_S, "start_period": 600 * NS_PER_S}
    box = client.containers.run(
        IMAGE,
        ["serve", f"{start_s:.3f}s"],
        detach=True,
        ports={"8000/tcp": ("127.0.0.1", 0)},
        healthcheck=check,
    )
    try:
        box.reload()
        yield box
    finally:
        box.remove(force=True)


def _make_image(client: docker.DockerClient) -> None:
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "slow_llm"
        subprocess.run(
            ["go", "build", "-o", binary, "main.go"], cwd=SOURCE, env={**os.environ, "CGO_ENABLED": "0"}, check=True
        )
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(binary, "slow_llm")
    name, _, tag = IMAGE.partition(":")
    client.api.import_image_from_data(
        archive.getvalue(), repository=name, tag=tag, changes=['ENTRYPOINT ["/slow_llm"]']
    )


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

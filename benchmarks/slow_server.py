"""Containers whose model server needs a given time to start (`slow_llm`), and two ways to wait for one."""

import io
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.models.containers import Container

from components.llm.gate.readiness import Budget, Target, wait_until_ready

IMAGE = "trugen-llm-benchmark/slow-llm:latest"
MODEL = "slow"
NS_PER_S = 1_000_000_000
_SOURCE = Path(__file__).parent / "slow_llm"


@contextmanager
def image(client: docker.DockerClient) -> Iterator[None]:
    """Needs Go."""
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "slow_llm"
        subprocess.run(
            ["go", "build", "-o", binary, "main.go"], cwd=_SOURCE, env={**os.environ, "CGO_ENABLED": "0"}, check=True
        )
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(binary, "slow_llm")
    name, _, tag = IMAGE.partition(":")
    client.api.import_image_from_data(
        archive.getvalue(), repository=name, tag=tag, changes=['ENTRYPOINT ["/slow_llm"]']
    )
    try:
        yield
    finally:
        client.images.remove(IMAGE)


@contextmanager
def server(
    client: docker.DockerClient, behaviour: str, start_s: float, *, interval_s: int, health_path: str
) -> Iterator[Container]:
    """Docker asks *health_path* every *interval_s*; failures while starting do not count against the server."""
    check = {
        "test": ["CMD", "/slow_llm", "check", health_path],
        "interval": interval_s * NS_PER_S,
        "start_period": 600 * NS_PER_S,
    }
    box = client.containers.run(
        IMAGE,
        ["serve", behaviour, f"{start_s:.3f}s"],
        detach=True,
        ports={"8000/tcp": ("127.0.0.1", 0)},
        healthcheck=check,
    )
    try:
        box.reload()
        yield box
    finally:
        box.remove(force=True)


def root_url(box: Container) -> str:
    return f"http://127.0.0.1:{box.attrs['NetworkSettings']['Ports']['8000/tcp'][0]['HostPort']}"


def gate(box: Container, engine: str) -> None:
    target = Target(f"{root_url(box)}/v1", MODEL, engine, container_id=box.id)
    wait_until_ready(target, budget=Budget(), on_progress=lambda _: None)


def docker_wait(box: Container) -> None:
    """
    The rule of `Container(wait=True)`: inspect, sleep a second, until Docker says `healthy`.

    Source: kreuzwerker/terraform-provider-docker, resource_docker_container_funcs.go.
    """
    while True:
        box.reload()
        if box.attrs["State"]["Health"]["Status"] == "healthy":
            return
        time.sleep(1)


def ready_at_ns(box: Container) -> int:
    """When the server could answer a chat for the first time, by its own word; waits for that word."""
    while not (told := box.logs()):
        time.sleep(0.05)
    return int(told)

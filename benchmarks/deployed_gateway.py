"""
A stack as `pulumi up` makes it, whose gateway leads to a scripted engine.

Caddy, relay, networks and limits are those of the deployed component; only the engine is a stand-in, since none here
could answer a thousand chats at once. Its port is published as Caddy's is: what lies between the two is the gateway.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docker
from docker.models.containers import Container

from benchmarks import scripted_engine
from benchmarks.streaming_client import Endpoint
from benchmarks.without_pause import llama_cpp
from components.llm.gateway.document import GatewaySettings
from components.llm.gateway.door import GATEWAY_USER, Door
from components.llm.gateway.routes import only
from components.llm.volume_files import Volume
from tests.fixtures.deployment import Deployment

MODEL = "scripted"
_ALIAS = "engine-scripted"
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Gateway:
    """*direct* leads to the engine, *through* to Caddy."""

    direct: Endpoint
    through: Endpoint
    caddy: Container
    relay: Container


@dataclass(frozen=True)
class Weight:
    memory_bytes: int
    cpu_s: float


def weight_of(client: docker.DockerClient, container: Container) -> Weight:
    """Memory without what is only cached of files, as `docker stats` shows it; CPU since the container's start."""
    stats: dict[str, Any] = client.api.stats(str(container.id), stream=False, one_shot=True)
    memory = stats["memory_stats"]
    # `inactive_file` in version 2 of cgroups, the longer name in version 1 (docker/cli, container/stats_helpers.go).
    cached = memory["stats"].get("inactive_file", memory["stats"].get("total_inactive_file", 0))
    return Weight(memory["usage"] - cached, stats["cpu_stats"]["cpu_usage"]["total_usage"] / _NS_PER_S)


@contextmanager
def deployed_gateway(client: docker.DockerClient, *, events: int, interval_s: float, streams: int) -> Iterator[Gateway]:
    """Ready to be asked for *streams* at once, each of so many *events*; all of it is destroyed afterwards."""
    with TemporaryDirectory() as folder:
        stack = Deployment(Path(folder) / "project", f"bench-{secrets.token_hex(3)}")
        stack.change("llms.main", {**llama_cpp(stack), "gateway": {"maxConcurrent": streams}})
        try:
            form = stack.deployed()["developer_studio"]["concierge"]
            with _engine(client, stack, events, interval_s) as engine:
                caddy = stack.gateway_container(client)
                volume = Volume(stack.names.gateway, str(caddy.attrs["Image"]), "benchmark", owner=GATEWAY_USER)
                Door(volume, _ALIAS).lead(only(f"{_ALIAS}:{scripted_engine.PORT}", MODEL))
                yield Gateway(
                    Endpoint(_url(engine), MODEL, form["token"]),
                    Endpoint(form["api_url"], MODEL, form["token"]),
                    caddy,
                    stack.relay_container(client),
                )
        finally:
            gone = stack.destroy()
            assert gone.status == 0, gone.printed


@contextmanager
def _engine(client: docker.DockerClient, stack: Deployment, events: int, interval_s: float) -> Iterator[Container]:
    """On a network of its own, where its port is published, and on the stack's private network."""
    source = Path(scripted_engine.__file__).read_text()
    network = client.networks.create(f"{stack.names.container}-direct")
    container = client.containers.create(
        GatewaySettings().relay_image,
        ["python3", "-u", "-c", source, str(scripted_engine.PORT), str(events), str(interval_s)],
        ports={f"{scripted_engine.PORT}/tcp": ("127.0.0.1", 0)},
        user=f"{GATEWAY_USER}",
        network=network.name,
    )
    try:
        client.networks.get(stack.names.private_network).connect(container, aliases=[_ALIAS])
        container.start()
        container.reload()
        yield container
    finally:
        container.remove(force=True)
        network.remove()


def _url(container: Container) -> str:
    published = container.attrs["NetworkSettings"]["Ports"][f"{scripted_engine.PORT}/tcp"]
    return f"http://127.0.0.1:{published[0]['HostPort']}/v1"

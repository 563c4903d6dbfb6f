"""
The gateway's own containers, Caddy and relay, before a scripted engine, on networks like the product's.

Real images, the product's Caddyfile and relay, its limits of memory; only the engine is a stand-in, since none here
could answer a thousand chats at once. Its port is published as Caddy's is: what lies between is the gateway alone.
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docker
import requests
from docker.models.containers import Container
from docker.models.networks import Network

from benchmarks import scripted_engine
from benchmarks.streaming_client import Endpoint
from components.llm.gateway import caddyfile, places, relay
from components.llm.gateway.document import GatewaySettings

MODEL = "scripted"
_RELAY_PORT = 8090
_START_LIMIT_S = 30.0
_NS_PER_S = 1_000_000_000
_LOCKED_DOWN: Mapping[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "user": "65532:65532",
}


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
def gateway(client: docker.DockerClient, *, events: int, interval_s: float, streams: int) -> Iterator[Gateway]:
    """Ready to be asked for *streams* at once, each of so many *events*; all of it is gone afterwards."""
    settings = GatewaySettings(max_concurrent=streams)
    token = secrets.token_hex(32)
    with ExitStack() as stack:
        files = stack.enter_context(_files(settings, token))
        private = stack.enter_context(_network(client, internal=True))
        front = stack.enter_context(_network(client, internal=False))
        script = ["python3", "-u", "-c", Path(scripted_engine.__file__).read_text()]
        engine = stack.enter_context(
            _container(
                client,
                settings.relay_image,
                [*script, str(scripted_engine.PORT), str(events), str(interval_s)],
                {front: "direct", private: "engine-a"},
                ports={f"{scripted_engine.PORT}/tcp": ("127.0.0.1", None)},
            )
        )
        source = Path(relay.__file__).read_text()
        relayed = ["python3", "-c", source, "--port", str(_RELAY_PORT), "--keep-alive-s", str(settings.keep_alive_s)]
        between = stack.enter_context(_container(client, settings.relay_image, relayed, {private: "relay"}))
        caddy = stack.enter_context(
            _container(
                client,
                settings.image,
                ["caddy", "run", "--config", f"{places.PLACE}/Caddyfile", "--adapter", "caddyfile"],
                {front: "gateway", private: "gateway"},
                ports={f"{caddyfile.PLAIN_PORT}/tcp": ("127.0.0.1", None)},
                volumes={str(files): {"bind": places.PLACE, "mode": "ro"}},
                cap_add=["NET_BIND_SERVICE"],
                mem_limit=int(settings.memory),
            )
        )
        made = Gateway(
            Endpoint(_url(engine, scripted_engine.PORT), MODEL, token),
            Endpoint(_url(caddy, caddyfile.PLAIN_PORT), MODEL, token),
            caddy,
            between,
        )
        _wait_for(made)
        yield made


@contextmanager
def _files(settings: GatewaySettings, token: str) -> Iterator[Path]:
    upstream = f"engine-a:{scripted_engine.PORT}"
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)  # read by the user of the container
        (place / "Caddyfile").write_text(caddyfile.caddyfile(settings, None))
        (place / "routes.json").write_text(json.dumps({"live": upstream, "models": {MODEL: upstream}}))
        for name in ("token", "private-token"):
            (place / name).write_text(token)
        (place / "previous-token").write_text("")
        yield place


@contextmanager
def _network(client: docker.DockerClient, *, internal: bool) -> Iterator[Network]:
    name = f"trugen-llm-benchmark-{secrets.token_hex(4)}"
    hidden = {"com.docker.network.bridge.inhibit_ipv4": "true"} if internal else {}
    network = client.networks.create(name, internal=internal, options=hidden)
    try:
        yield network
    finally:
        network.remove()


@contextmanager
def _container(
    client: docker.DockerClient, image: str, command: list[str], networks: Mapping[Network, str], **options: Any
) -> Iterator[Container]:
    """*networks*: each with the alias in it; the first one's ports are published."""
    (first, alias), *others = networks.items()
    endpoints = {str(first.name): client.api.create_endpoint_config(aliases=[alias])}
    container = client.containers.create(
        image,
        command,
        network=first.name,
        networking_config=endpoints,
        tmpfs={"/tmp": "rw,noexec,nosuid"},  # noqa: S108 - in the container
        **_LOCKED_DOWN,
        **options,
    )
    try:
        for network, name in others:
            network.connect(container, aliases=[name])
        container.start()
        container.reload()
        yield container
    finally:
        container.remove(force=True, v=True)


def _url(container: Container, port: int) -> str:
    return f"http://127.0.0.1:{container.attrs['NetworkSettings']['Ports'][f'{port}/tcp'][0]['HostPort']}/v1"


def _wait_for(made: Gateway) -> None:
    """Until a whole answer has come through."""
    over_at_s = time.monotonic() + _START_LIMIT_S
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Say hello."}], "stream": True}
    headers = {"Authorization": f"Bearer {made.through.token}"}
    while True:
        try:
            url = f"{made.through.url}/chat/completions"
            with requests.post(url, json=body, headers=headers, timeout=_START_LIMIT_S, stream=True) as response:
                if response.ok:
                    return
                told = f"status {response.status_code}: {response.text[:200]}"
        except requests.RequestException as error:
            told = str(error)
        if time.monotonic() > over_at_s:
            logs = {box.name: box.logs(tail=20).decode() for box in (made.caddy, made.relay)}
            raise AssertionError(f"The gateway does not answer: {told}\n{logs}")
        time.sleep(0.1)

"""
The peer: Docker Compose, compiled from Go modules, with an engine behind Caddy as its users set them up.

In its favour: Caddy finds the engine by its name and waits for it instead of refusing (`lb_try_duration`), nobody is
told a new token or model before `up --wait` has ended, Ollama has its model already, and each file is changed in place.
The token is a variable of Caddy's container, as in Caddy's own examples. One engine at a time, since Compose knows no
other way: the container of a changed service is removed before its next one starts (pkg/compose/convergence.go).
"""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docker

from air_gapped import pins
from air_gapped.go_build import Program, build
from air_gapped.progress import Progress
from benchmarks.streaming_client import Endpoint
from tests.fixtures.deployment import free_port
from tests.fixtures.real_servers import GGUF, MODEL, real_ollama

_COMPOSE = "github.com/docker/compose/v5"
COMPOSE = Program(
    binary="docker-compose",
    recipe=Path(__file__).resolve().parent / "peer" / "compose",
    package=f"{_COMPOSE}/cmd",
    version="5.6.0",
    ldflags=f"-X {_COMPOSE}/internal.Version=v5.6.0",
)
CADDY_IMAGE = "caddy:2.11.7"
_LIMIT_S = 300
_CADDYFILE = """\
:8080 {
	@known header Authorization "Bearer {$TOKEN}"
	handle @known {
		reverse_proxy engine:8080 {
			flush_interval -1
			lb_try_duration 60s
		}
	}
	respond 401
}
"""
_LLAMA_CPP: dict[str, Any] = {
    "image": pins.LLAMA_CPP_IMAGE,
    "volumes": [f"{GGUF.resolve()}:/models/model.gguf:ro"],
    "healthcheck": {"test": ["CMD", "curl", "-f", "http://localhost:8080/health"]},
}
_OLLAMA: dict[str, Any] = {
    "image": pins.OLLAMA_IMAGE,
    "environment": {"OLLAMA_HOST": "0.0.0.0:8080"},
    "volumes": ["models:/root/.ollama"],
    "healthcheck": {"test": ["CMD", "ollama", "list"]},
}


@dataclass
class Compose:
    """A stack of its own; `endpoint()` is what its user tells TruGen, after an `up`."""

    binary: Path
    folder: Path
    project: str = field(default_factory=lambda: f"trugen-llm-benchmark-{secrets.token_hex(4)}")
    model: str = MODEL
    token: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    on_ollama: bool = False
    port: int = field(default_factory=free_port)

    name = "docker compose up"

    @property
    def volume(self) -> str:
        return f"{self.project}_models"

    @property
    def victims(self) -> Sequence[str]:
        return ("engine-1", "caddy-1")

    def containers(self) -> Sequence[str]:
        return [f"{self.project}-{victim}" for victim in self.victims]

    def endpoint(self) -> Endpoint:
        return self._told

    def apply(self, change: str) -> None:
        match change:
            case "model":
                self.model = "smollm2-second"
            case "token":
                self.token = secrets.token_hex(32)
            case "engine":
                self.on_ollama, self.model = True, MODEL
        self.up()

    def up(self) -> None:
        (self.folder / "Caddyfile").write_text(_CADDYFILE)
        (self.folder / "compose.json").write_text(json.dumps(self._services()))
        self.run("up", "--detach", "--wait")
        self._told = Endpoint(f"http://127.0.0.1:{self.port}/v1", self.model, self.token)

    def run(self, *words: str) -> None:
        command = [str(self.binary), "--project-name", self.project, "--file", "compose.json", *words]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    def _services(self) -> dict[str, Any]:
        options = ["--model", "/models/model.gguf", "--alias", self.model, "--host", "0.0.0.0", "--port", "8080"]  # noqa: S104 - in a container
        options += ["--ctx-size", "2048", "--parallel", "1", "--threads", "1", "--no-ui"]
        engine = _OLLAMA if self.on_ollama else {**_LLAMA_CPP, "command": options}
        engine = {**engine, "networks": ["private"], "restart": "always"}
        often = {"interval": "1s", "timeout": "5s", "retries": 5, "start_period": "60s"}
        caddy = {
            "image": CADDY_IMAGE,
            "environment": {"TOKEN": self.token},
            "volumes": ["./Caddyfile:/etc/caddy/Caddyfile:ro"],
            "ports": [f"127.0.0.1:{self.port}:8080"],
            "networks": ["private", "front"],
            "depends_on": {"engine": {"condition": "service_healthy"}},
            "restart": "always",
        }
        return {
            "services": {
                "engine": {**engine, "healthcheck": {**engine["healthcheck"], **often}},
                "caddy": caddy,
            },
            "networks": {"private": {"internal": True}, "front": {}},
            "volumes": {"models": {"name": self.volume, "external": True}},
        }


@contextmanager
def compose() -> Iterator[Compose]:
    """Up, on llama.cpp; gone afterwards."""
    binary = build(COMPOSE, Progress().reporter("Docker Compose"))
    with TemporaryDirectory() as folder, closing(docker.from_env()) as client:
        stack = Compose(binary, Path(folder))
        client.volumes.create(stack.volume)
        network = client.networks.create(stack.project)
        place = {stack.volume: {"bind": "/root/.ollama", "mode": "rw"}}
        try:
            with real_ollama(volumes=place, tmpfs=["/tmp"], network=network.name):  # noqa: S108 - in the container
                pass
            stack.up()
            yield stack
        finally:
            stack.run("down", "--timeout", "1")
            network.remove()
            client.volumes.get(stack.volume).remove()

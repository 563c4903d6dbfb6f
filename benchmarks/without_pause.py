"""
The model, then the token, then the engine are changed under a client that never pauses: what does it lose?

Four workers stream short answers of SmolLM2, each asking again as soon as its stream ended, where the agent's record
says the LLM is. Ours is changed by `pulumi up`, and the record is the agent's in the TruGen sandbox. Beside it the same
changes by `docker compose up` (`compose_contender.py`) under the same client: llama.cpp serves another model name,
another token, Ollama instead of llama.cpp. A *broken* stream had begun; in a *silence* no stream ended well.

`python -m benchmarks without_pause [requests]`: 1,000 requests of each take some ten minutes. Needs Docker; the first
run compiles Compose (a minute).
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import docker

from air_gapped import pins
from benchmarks.compose_contender import compose
from benchmarks.restless_client import Tally, WithoutPause, agent_record
from benchmarks.streaming_client import Endpoint
from tests.fixtures.deployment import Deployment

CHANGES = ("model", "token", "engine")
WORKERS = 4
# One CPU thread makes some thirty in a second, for all workers together.
_MAX_TOKENS = 4
# Enough of each change to see what comes after it.
_AFTER_EACH = 20
_AFTER_LIMIT_S = 180.0
_REST_LIMIT_S = 900.0


class Stack(Protocol):
    """Something that serves SmolLM2, and can be changed."""

    @property
    def name(self) -> str: ...

    def endpoint(self) -> Endpoint: ...

    def apply(self, change: str) -> None: ...


@dataclass
class Ours:
    deployment: Deployment
    ollama: Mapping[str, Any]
    endpoint: Callable[[], Endpoint]

    name = "pulumi up"
    victims = ("-a", "-relay", "-gateway")

    def containers(self) -> Sequence[str]:
        with closing(docker.from_env()) as client:
            return [str(box.name) for box in self.deployment.containers(client)]

    def apply(self, change: str) -> None:
        match change:
            case "model":
                self.deployment.change("llms.main.model", "smollm2-second")
            case "token":
                self.deployment.change("llms.main.gateway", {"tokenGeneration": 2})
            case "engine":
                self.deployment.change("llms.main", {**self.ollama, "gateway": {"tokenGeneration": 2}})
        self.deployment.deployed()


@contextmanager
def ours() -> Iterator[Ours]:
    """Up, on llama.cpp; destroyed afterwards."""
    with TemporaryDirectory() as folder:
        deployment = Deployment(Path(folder) / "project", f"bench-{secrets.token_hex(3)}")
        ollama = deployment.config()["config"]["trugen-llm:llms"]["main"]
        deployment.change("llms.main", llama_cpp(deployment))
        deployment.change("trugen.sandbox.revealLlm", value=True)
        try:
            outputs = deployment.deployed()
            yield Ours(deployment, ollama, agent_record(outputs["sandbox"], outputs["agents"]["concierge"]["id"]))
        finally:
            gone = deployment.destroy()
            assert gone.status == 0, gone.printed


def llama_cpp(deployment: Deployment) -> dict[str, Any]:
    return {
        "engine": "llama.cpp",
        "model": "smollm2",
        "image": pins.LLAMA_CPP_IMAGE,
        "gguf": f".cache/models/{pins.GGUF_NAME}",
        "port": deployment.port,
        "privatePort": deployment.private_port,
        "contextLength": 2048,
        "threads": 1,
        "memory": "2GiB",
    }


@dataclass(frozen=True)
class Changed:
    """One change of one stack; *took_s* until the command had ended, *tally* until the next change began."""

    stack: str
    change: str
    took_s: float
    tally: Tally


def main(at_least: int = 1000) -> None:
    stacks: Sequence[Callable[[], AbstractContextManager[Stack]]] = (ours, compose)
    for make in stacks:
        with make() as stack:
            print("\n".join(report(measured(stack, at_least))), flush=True)


def measured(stack: Stack, at_least: int) -> list[Changed]:
    """All changes in turn, over at least so many requests in all."""
    took_s: dict[str, float] = {}
    with WithoutPause(stack.endpoint, workers=WORKERS, max_tokens=_MAX_TOKENS) as client:
        client.wait_for(_AFTER_EACH, limit_s=_AFTER_LIMIT_S)
        for change in CHANGES:
            client.begin(change)
            began_s = time.monotonic()
            stack.apply(change)
            took_s[change] = time.monotonic() - began_s
            client.wait_for(_AFTER_EACH, limit_s=_AFTER_LIMIT_S)
        client.wait_for(max(0, at_least - client.tally().requests), limit_s=_REST_LIMIT_S)
    changed = [Changed(stack.name, change, took_s[change], client.tally(change)) for change in CHANGES]
    return [*changed, Changed(stack.name, "in all", sum(took_s.values()), client.tally())]


def report(changes: Sequence[Changed]) -> list[str]:
    """A line for each change, and one for each kind of fault with what was seen of it."""
    head = (
        f"{'':<18} {'change':<7} {'took':>7} {'requests':>9} {'failed':>7} {'broken':>7} {'silence':>8} {'TTFT p50':>9}"
    )
    lines = [head]
    for each in changes:
        tally = each.tally
        lines.append(
            f"{each.stack:<18} {each.change:<7} {f'{each.took_s:.1f} s':>7} {tally.requests:>9} {tally.failed:>7}"
            f" {tally.broken:>7} {f'{tally.longest_silence_s:.1f} s':>8} {f'{tally.ttft_p50_s:.2f} s':>9}"
        )
    whole = changes[-1].tally
    return lines + [f"  {count} x {kind}, as: {whole.examples[kind][0]}" for kind, count in whole.faults.items()]

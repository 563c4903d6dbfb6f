"""The gate before real servers: what it passes, what it refuses, and what it says. No Pulumi."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import docker
import pytest
import requests

from components.llm.failure import CannotServe, KeepsFailing, NotReady
from components.llm.readiness import Budget, Evidence, Target, probe_once, wait_until_ready
from tests.fixtures.deployment import free_port
from tests.fixtures.real_servers import (
    LITELLM_KEY,
    MODEL,
    RealServer,
    real_litellm,
    real_llama_cpp,
    real_ollama,
)

pytestmark = pytest.mark.docker

DEAD = "dead"
"""A model of the proxy whose upstream nobody serves."""
# A tenth of a core: loading, half a second's work, takes long enough to be looked at.
_SLOW = {"cpu_period": 100_000, "cpu_quota": 10_000}


@pytest.fixture(scope="module")
def llama_cpp() -> Iterator[RealServer]:
    with real_llama_cpp() as server:
        yield server


@pytest.fixture(scope="module")
def ollama() -> Iterator[RealServer]:
    with real_ollama() as server:
        yield server


@pytest.fixture(scope="module")
def litellm(llama_cpp: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    upstreams = {MODEL: llama_cpp.base_url, DEAD: f"http://127.0.0.1:{free_port()}/v1"}
    with real_litellm(upstreams, tmp_path_factory.mktemp("litellm")) as server:
        yield server


def gate(
    server: RealServer, engine: str, *, on_progress: Callable[[str], None] = lambda _line: None, **target: Any
) -> Evidence:
    wanted = Target(**{"base_url": server.base_url, "model": MODEL, "engine": engine, **target})
    return wait_until_ready(wanted, budget=Budget(timeout_s=60.0), on_progress=on_progress)


def refusal(server: RealServer, engine: str, kind: type[NotReady], **others: Any) -> str:
    with pytest.raises(NotReady) as caught:
        gate(server, engine, **others)
    assert kind is type(caught.value), str(caught.value)
    return str(caught.value)


@dataclass
class SeenLoading:
    """Progress of a wait; does *then* once, when llama.cpp was seen to say that it loads."""

    then: Callable[[], object]
    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        if "HTTP 503 Loading model" in line:
            if not self.lines:
                self.then()
            self.lines.append(line)


def failed(evidence: Evidence) -> list[str]:
    return [f"{check.id}: {check.detail}" for check in evidence.checks if check.verdict == "fail"]


def test_llama_cpp_is_ready(llama_cpp: RealServer) -> None:
    evidence = gate(llama_cpp, "llama.cpp")

    assert failed(evidence) == []
    assert 0 < evidence.ttft_s.warm_p50


def test_ollama_is_ready(ollama: RealServer) -> None:
    evidence = gate(ollama, "ollama")

    assert failed(evidence) == []
    assert evidence.capabilities["features"] == ["completion"]


def test_llama_cpp_behind_litellm_is_ready(litellm: RealServer) -> None:
    evidence = gate(litellm, "litellm", token=LITELLM_KEY)

    assert failed(evidence) == []


def test_llama_cpp_that_answers_under_a_name_it_does_not_list_is_refused(llama_cpp: RealServer) -> None:
    told = refusal(llama_cpp, "llama.cpp", CannotServe, model="llama-3.3-70b")

    assert f"it answers under any model name, and lists {MODEL}" in told


def test_a_llama_cpp_that_still_loads_is_waited_for(engine: docker.DockerClient) -> None:
    with real_llama_cpp(awaited=False, **_SLOW) as loading:
        seen = SeenLoading(lambda: engine.containers.get(loading.container_id).update(cpu_quota=-1))

        gate(loading, "llama.cpp", on_progress=seen)

    assert seen.lines


def test_a_llama_cpp_killed_while_it_loads_ends_the_wait_at_once(engine: docker.DockerClient) -> None:
    with real_llama_cpp(awaited=False, **_SLOW) as loading:
        kill = SeenLoading(lambda: engine.containers.get(loading.container_id).kill())

        told = refusal(loading, "llama.cpp", CannotServe, container_id=loading.container_id, on_progress=kill)

    assert "exited" in told
    assert "loading model" in told, "the log of the container says what it was doing"


def test_a_llama_cpp_without_its_weights_is_refused_with_its_own_words() -> None:
    with real_llama_cpp("--model", "/models/other.gguf", awaited=False) as broken:
        told = refusal(broken, "llama.cpp", CannotServe, container_id=broken.container_id)

    assert "failed to load model, '/models/other.gguf'" in told


def test_litellm_calls_itself_healthy_with_a_dead_upstream_and_is_refused(litellm: RealServer) -> None:
    own_word = requests.get(f"{litellm.root_url}/health/readiness", timeout=10)

    told = refusal(litellm, "litellm", KeepsFailing, model=DEAD, token=LITELLM_KEY)

    assert (own_word.status_code, own_word.json()["status"]) == (200, "healthy")
    assert "OpenAIException - Connection error" in told


def test_litellm_is_refused_for_a_model_it_does_not_have(litellm: RealServer) -> None:
    told = refusal(litellm, "litellm", CannotServe, model="nobody", token=LITELLM_KEY)

    assert "Invalid model name passed in model=nobody" in told
    assert f"it serves {MODEL}, {DEAD}" in told


def test_a_llama_cpp_that_died_after_all_is_seen_by_the_next_look(engine: docker.DockerClient) -> None:
    with real_llama_cpp() as server:
        target = Target(base_url=server.base_url, model=MODEL, engine="llama.cpp")
        before = probe_once(target)

        engine.containers.get(server.container_id).kill()

        assert before.healthy
        assert not probe_once(target).healthy

"""The gate before real servers: what it passes, what it refuses, and what it says. No Pulumi."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import docker
import pytest
import requests

from components.llm.gate.failure import CannotServe, KeepsFailing
from components.llm.gate.readiness import Evidence, Target, probe_once
from tests.fixtures.gating import gate, refusal
from tests.fixtures.real_servers import LITELLM_KEY, MODEL, RealServer, real_llama_cpp

pytestmark = pytest.mark.docker

# A tenth of a core: loading, half a second's work, takes long enough to be looked at.
_SLOW: dict[str, Any] = {"cpu_period": 100_000, "cpu_quota": 10_000}


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


def test_litellm_that_translates_to_anthropics_protocol_is_ready(litellm: RealServer) -> None:
    evidence = gate(litellm, "litellm", model="claude", token=LITELLM_KEY)

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

    told = refusal(litellm, "litellm", KeepsFailing, model="dead", token=LITELLM_KEY)

    assert (own_word.status_code, own_word.json()["status"]) == (200, "healthy")
    assert "OpenAIException - Connection error" in told


def test_litellm_whose_own_key_is_refused_upstream_is_refused_with_what_it_heard(litellm: RealServer) -> None:
    told = refusal(litellm, "litellm", CannotServe, model="locked", token=LITELLM_KEY)

    assert "litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect API key provided" in told


def test_litellm_is_refused_for_a_model_it_does_not_have(litellm: RealServer) -> None:
    told = refusal(litellm, "litellm", CannotServe, model="nobody", token=LITELLM_KEY)

    assert "Invalid model name passed in model=nobody" in told
    assert f"it serves {MODEL}, claude, capable, dead, locked" in told


def test_a_llama_cpp_that_died_after_all_is_seen_by_the_next_look(engine: docker.DockerClient) -> None:
    with real_llama_cpp() as server:
        target = Target(base_url=server.base_url, model=MODEL, engine="llama.cpp")
        before = probe_once(target)

        engine.containers.get(server.container_id).kill()

        assert before.healthy
        assert not probe_once(target).healthy

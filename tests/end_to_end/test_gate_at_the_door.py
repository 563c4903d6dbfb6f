"""The gate of an engine behind a gateway of ours, in a real provider process and with a real volume and container."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from air_gapped import pins
from components.llm.gateway.door import Door
from components.llm.gateway.routes import Routes, only
from components.llm.ready_gate_provider import ReadyGateProvider
from tests.fixtures.conforming import conforming
from tests.fixtures.dynamic_process import DynamicProcess, ProviderFailed, dynamic_process
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, refuse
from tests.fixtures.waiting import TOKEN

pytestmark = pytest.mark.docker
PRIVATE = "canary-PRIVATE/1234567890abcdef"
LIVE, CANDIDATE = "engine-a:11434", "engine-b:8080"
AFTER = Routes(CANDIDATE, {"old": LIVE, MODEL: CANDIDATE})


@dataclass(frozen=True)
class Place:
    """A volume of routes, and the container of an engine at `CANDIDATE`."""

    gateway: dict[str, str]
    container: Container
    engine: docker.DockerClient

    def door(self) -> Door:
        return Door.of(self.gateway, purpose="test")

    def has_container(self) -> bool:
        return self.container.id in {one.id for one in self.engine.containers.list(all=True)}


@pytest.fixture
def place(engine: docker.DockerClient) -> Iterator[Place]:
    volume = engine.volumes.create(f"trugen-llm-test-{secrets.token_hex(4)}")
    container = engine.containers.create(
        pins.PYTHON_IMAGE, ["python3", "-c", "import time; time.sleep(600)"], init=True, network_mode="none"
    )
    gateway = {"volume": str(volume.name), "image": pins.CADDY_IMAGE, "address": CANDIDATE}
    made = Place(gateway, container, engine)
    try:
        container.start()
        yield made
    finally:
        if made.has_container():
            container.remove(force=True)
        volume.remove()


@pytest.fixture
def gate() -> Iterator[DynamicProcess]:
    with dynamic_process(ReadyGateProvider()) as process:
        yield process


def inputs(private: ScriptedLlm, public: ScriptedLlm, place: Place) -> dict[str, Any]:
    return {
        "base_url": private.base_url,
        "agent_url": public.base_url,
        "model": MODEL,
        "engine": "other",
        "token": TOKEN,
        "private_token": PRIVATE,
        "gateway": place.gateway,
        "container_id": place.container.id,
        "trigger": "container-1",
        "stall_timeout_s": 30,
        "timeout_s": 60,
        "successes": 1,
        "ttft_budget_action": "warn",
        "progress_urn": "",
        "llm": "smol",
        "needs_tools": False,
        "needs_vision": False,
        "system_prompt_bytes": 0,
        "auth_required": True,
        "gpu": False,
    }


def test_a_proven_engine_gets_the_traffic_and_keeps_its_container(gate: DynamicProcess, place: Place) -> None:
    place.door().lead(only(LIVE, "old"))

    with ScriptedLlm([conforming(PRIVATE)]) as private, ScriptedLlm([conforming(TOKEN)]) as public:
        declared = inputs(private, public, place)
        created = gate.create(declared)

        assert created == gate.read(created.id, created.outs)
        assert not gate.diff(created.id, created.outs, declared).changes
    assert (AFTER, True) == (place.door().routes(), place.has_container())


def test_an_engine_that_fails_behind_the_public_door_is_removed_and_the_traffic_is_where_it_was(
    gate: DynamicProcess, place: Place
) -> None:
    place.door().lead(before := only(LIVE, "old"))

    with (
        ScriptedLlm([conforming(PRIVATE)]) as private,
        ScriptedLlm([refuse(401, f"{TOKEN} and {PRIVATE} are unknown")]) as public,
        pytest.raises(ProviderFailed) as failed,
    ):
        gate.create(inputs(private, public, place))

    assert (before, False) == (place.door().routes(), place.has_container())
    assert "canary" not in str(failed.value)


def test_a_first_engine_that_fails_keeps_its_container_and_gets_no_traffic(gate: DynamicProcess, place: Place) -> None:
    with (
        ScriptedLlm([conforming(PRIVATE)]) as private,
        ScriptedLlm([refuse(401, "unknown")]) as public,
        pytest.raises(ProviderFailed),
    ):
        gate.create(inputs(private, public, place))

    assert (None, True) == (place.door().routes(), place.has_container())


def test_a_candidate_that_somebody_removed_meanwhile_is_no_second_fault(gate: DynamicProcess, place: Place) -> None:
    place.door().lead(before := only(LIVE, "old"))
    place.container.remove(force=True)

    with (
        ScriptedLlm([conforming(PRIVATE)]) as private,
        ScriptedLlm([conforming(TOKEN)]) as public,
        pytest.raises(ProviderFailed, match="its container does not exist any more"),
    ):
        gate.create(inputs(private, public, place))

    assert before == place.door().routes()

"""
The door as a whole: whatever goes wrong in whichever run, agents get in and reach an engine that serves their model.

A world in memory goes through runs in the order of the program's graph: engine, files, model, gate, agents, drain,
removals. At every moment, also between the two halves of a file's replacement, what each agent uses has to be served.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from components.llm.gate.evidence import Evidence
from components.llm.gateway import candidate, drain, files, strays
from components.llm.gateway.door import Door
from components.llm.gateway.drain import DrainProvider
from components.llm.gateway.files import GatewayFilesProvider
from components.llm.gateway.routes import Routes, only
from components.llm.gateway.slots import Found, choose, other
from components.llm.names import Slot, slot_at
from components.llm.ready_gate_provider import ReadyGateProvider
from components.llm.volume_files import VolumeFilesError
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.volume_in_memory import PLACE, Killed, VolumeInMemory, volume_in_memory

AGENTS = 2
Props = dict[str, Any]


class NotProven(Exception):
    """The gate fails."""


@dataclass(frozen=True)
class Engine:
    """*mark* tells containers apart; Ollama's does not change with its model."""

    mark: str
    port: int
    model: str


ENGINES = [
    Engine("ollama", 11434, "small"),
    Engine("ollama", 11434, "large"),
    Engine("llama.cpp small", 8080, "small"),
    Engine("llama.cpp large", 8080, "large"),
    Engine("ollama with more memory", 11434, "small"),
]
OLLAMA_PORT = 11434


@dataclass(frozen=True)
class Run:
    """
    What is declared, by its place among the choices there are, and what goes wrong.

    *fails_at* is the moment of a write at which Docker fails, or the process is killed; *unproven* the door at which
    the gate fails; *moved* how many agents TruGen lets move.
    """

    token: int
    engine: int
    fails_at: int | None
    kills: bool
    unproven: str | None
    moved: int
    configuration: str


RUNS = st.lists(
    st.builds(
        Run,
        token=st.integers(0, 4),
        engine=st.integers(0, len(ENGINES) - 1),
        fails_at=st.none() | st.integers(0, 20),
        kills=st.booleans(),
        unproven=st.sampled_from([None, None, "private", "public"]),
        moved=st.integers(0, AGENTS) | st.just(AGENTS),
        configuration=st.sampled_from(["", "# other"]),
    ),
    max_size=8,
)


@dataclass
class World:
    """Docker, the gateway, the agents, and Pulumi's state."""

    volume: VolumeInMemory
    engines: dict[Slot, Engine] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    """Models in the volume that all Ollamas share."""
    agents: list[tuple[str, str]] = field(default_factory=list)
    """Token and model that each uses."""
    state: dict[str, Props] = field(default_factory=dict)
    last_routes: Routes | None = None
    """What the relay read last, since it keeps that while the file is missing."""
    unproven: str | None = None
    configuration: str = ""

    def look(self) -> None:
        """Every agent gets in, and to an engine that serves its model."""
        self.last_routes = Routes.parse(self.volume.files.get("routes.json")) or self.last_routes
        accepted = {self.volume.files.get(name) for name in ("token", "previous-token", "older-token")}
        for token, model in self.agents:
            assert token in accepted, f"{token} is refused"
            assert self.last_routes is not None
            address = self.last_routes.models.get(model, self.last_routes.live)
            assert self._serves(address, model), f"{model} is led to {address}, which does not serve it"

    def _serves(self, address: str, model: str) -> bool:
        for slot, engine in self.engines.items():
            if address == f"engine-{slot}:{engine.port}":
                return model in self.stored if engine.port == OLLAMA_PORT else model == engine.model
        return False

    def _live_slot(self) -> Slot | None:
        routes = Routes.parse(self.volume.files.get("routes.json"))
        return None if routes is None else slot_at(routes.live)

    def settled(self) -> bool:
        """Whether the last change came to its end, so that nothing former is in use."""
        former = [self.volume.files.get(name) for name in ("previous-token", "older-token")]
        return not any(former) and len(self.engines) == len(set(self.agents)) == 1

    def in_use(self) -> tuple[str, Engine]:
        """Token and engine of all agents, once the last change is settled."""
        [(token, model)], [engine] = set(self.agents), self.engines.values()
        return token, replace(engine, model=model)

    def apply(self, token: str, engine: Engine, moved: int) -> None:
        """One run of the program; it raises where Pulumi would stop."""
        live_slot = self._live_slot()
        marks = {slot: one.mark for slot, one in self.engines.items()}
        choice = choose(Found(marks, live_slot, frozenset(marks)), engine.mark, "side-by-side")
        self.engines[choice.slot] = engine
        self.look()
        place = {"volume": "v", "image": "i", "address": f"engine-{choice.slot}:{engine.port}"}
        self._files(token)
        if engine.port == OLLAMA_PORT:
            self.stored.add(engine.model)
        self._gate(place, engine.model, token, choice.slot)
        for number in range(moved):
            self.agents[number : number + 1] = [(token, engine.model)]
            self.look()
        if moved < AGENTS:
            return
        self._drain(place, engine.model, token)
        self.stored &= {engine.model}
        self.look()
        self.engines.pop(other(choice.slot), None)
        self.look()

    def _files(self, token: str) -> None:
        contents = {"Caddyfile": self.configuration, "token": token, "private-token": "private"}
        news = {"volume": "v", "image": "i", "container": "c", "files": contents}
        self._step("files", GatewayFilesProvider(), news)

    def _gate(self, place: Props, model: str, token: str, slot: Slot) -> None:
        news = {
            "gateway": place,
            "model": model,
            "token": token,
            "container_id": slot,
            "agent_url": "u",
            "base_url": "b",
        }
        patience = {"engine": "e", "llm": "l", "stall_timeout_s": 1, "timeout_s": 1, "successes": 1}
        self._step("gate", ReadyGateProvider(), {**news, **patience, "ttft_budget_action": "warn"})

    def _drain(self, place: Props, model: str, token: str) -> None:
        news = {"gateway": place, "owner": {}, "model": model, "token_mark": token, "drain_s": 1, "progress_urn": ""}
        self._step("drain", DrainProvider(), news)

    def _step(self, name: str, provider: Any, news: Props) -> None:
        """Refresh, compare, and create or update, as Pulumi does; a failure leaves the state as it was."""
        olds = self.state.get(name)
        if olds is None:
            self.state[name] = provider.create(news).outs
            return
        # A refresh of the gate calls the endpoint, and one after a failure finds it dead.
        seen = {**olds, "healthy": False} if name == "gate" else provider.read(name, olds).outs
        if provider.diff(name, seen, news).changes:
            self.state[name] = provider.update(name, seen, news).outs

    def prove(self, *_: Any, before_public: Callable[[], None], **__: Any) -> Evidence:
        """Stands in for `wait_until_ready`."""
        if self.unproven == "private":
            raise NotProven
        before_public()
        if self.unproven == "public":
            raise NotProven
        return Evidence.__new__(Evidence)

    def remove(self, slot: str) -> None:
        self.volume.live_on()
        self.engines = {at: engine for at, engine in self.engines.items() if at != slot}
        self.look()


@contextmanager
def world() -> Iterator[World]:
    clock = FakeClock()
    with volume_in_memory() as volume, ExitStack() as stack:
        made = World(volume)
        volume.at_each_moment = made.look
        for target, name, instead in (
            ("components.llm.ready_gate_provider", "wait_until_ready", made.prove),
            ("components.llm.gate.evidence.Evidence", "as_dict", lambda _evidence: {}),
            (candidate.__name__, "_remove", made.remove),
            (files.__name__, "_reload", lambda _container: None),
            (drain.__name__, "_in_flight", lambda _props, **_: 0),
            (strays.__name__, "are_there", lambda *_: False),
            (strays.__name__, "remove", lambda *_: None),
        ):
            stack.enter_context(patch(f"{target}.{name}", instead))
        stack.enter_context(patch.object(drain.drain, "__defaults__", (clock, clock.sleep)))
        yield made


@pytest.mark.parametrize("moment", range(4))
def test_routes_are_never_lost_by_whoever_dies_while_they_are_replaced(volume: VolumeInMemory, moment: int) -> None:
    door, before = Door.of(PLACE, purpose="test"), only("engine-b:8080", "old")
    door.lead(before)
    volume.fail_at = moment
    with pytest.raises(VolumeFilesError):
        door.lead(after := before.moved_to(PLACE["address"], "new"))

    found = door.routes()
    door.lead(after)

    assert found in (before, after)
    assert str(after) == volume.files["routes.json"]


@pytest.mark.parametrize("moment", range(4))
def test_routes_are_never_lost_by_whoever_dies_after_another_died_at_them(volume: VolumeInMemory, moment: int) -> None:
    """Found by the generated runs below: what the first left in one of the two files was replaced first."""
    door, before = Door.of(PLACE, purpose="test"), only("engine-b:8080", "old")
    door.lead(before)
    volume.fail_at = 3
    with pytest.raises(VolumeFilesError):
        door.lead(after := before.moved_to(PLACE["address"], "new"))
    volume.fail_at = moment
    with suppress(VolumeFilesError):
        door.lead(before)

    assert door.routes() in (before, after)


def test_routes_that_are_there_already_are_not_written_again(volume: VolumeInMemory) -> None:
    door, routes = Door.of(PLACE, purpose="test"), only(PLACE["address"], "new")
    door.lead(routes)
    door.lead(routes)

    assert 1 == len(volume.writes)


@settings(max_examples=200, deadline=None)
@given(RUNS)
def test_at_no_moment_is_an_agent_refused_or_led_to_an_engine_that_does_not_serve_its_model(runs: list[Run]) -> None:
    """
    With one change under way at a time: the next one starts once it is done, goes on with it, or takes it back.

    A second one would need a third slot.
    """
    with world() as it:
        it.apply("token 0", ENGINES[0], AGENTS)
        former = latest = ("token 0", ENGINES[0])
        for run in runs:
            note(str(run))
            if it.settled():
                former, latest = it.in_use(), (f"token {run.token}", ENGINES[run.engine])
            used = (former, latest)[run.token % 2][0], (former, latest)[run.engine % 2][1]
            it.volume.fail_at, it.volume.kills, it.unproven = run.fails_at, run.kills, run.unproven
            it.configuration = run.configuration
            try:
                it.apply(*used, run.moved)
            except (VolumeFilesError, NotProven, Killed) as stopped:
                note(repr(stopped))
            it.volume.fail_at, it.volume.dead = None, False
            it.look()
        it.unproven = None
        it.apply(*latest, AGENTS)
        assert it.settled()
        assert [(latest[0], latest[1].model)] * AGENTS == it.agents

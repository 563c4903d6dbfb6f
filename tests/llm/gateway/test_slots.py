"""Which slot an engine goes into, and that no sequence of bad days loses the engine that serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.llm.container_spec import ContainerSpec
from components.llm.engines import Engine
from components.llm.gateway.slots import Choice, Found, choose, other, spec_mark
from components.llm.names import SLOTS, Slot
from components.llm.self_hosted import Strategy

STRATEGIES: tuple[Strategy, Strategy] = ("side-by-side", "recreate")
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def found(live: Slot | None, engines: dict[Slot, str], stopped: Slot | None = None) -> Found:
    return Found(engines, live, frozenset(engines.keys() - {stopped}))


def chosen(there: Found, strategy: Strategy = "side-by-side") -> Choice:
    return choose(there, "new", strategy)


@each_strategy
def test_the_first_engine_goes_into_slot_a_beside_nothing(strategy: Strategy) -> None:
    assert chosen(found(None, {}), strategy) == Choice("a", "new", beside=None, starts=True, first=True)


@each_strategy
@pytest.mark.parametrize("live", SLOTS)
def test_an_engine_that_is_live_as_declared_stays_where_it_is(live: Slot, strategy: Strategy) -> None:
    assert chosen(found(live, {live: "new"}), strategy) == Choice(live, "new", beside=None, starts=False)


@pytest.mark.parametrize("live", SLOTS)
def test_another_engine_comes_up_in_the_other_slot_while_the_old_one_serves(live: Slot) -> None:
    choice = chosen(found(live, {live: "old"}))

    assert choice == Choice(other(live), "new", beside=live, starts=True)
    assert choice.changes


@pytest.mark.parametrize("live", SLOTS)
def test_recreate_replaces_the_engine_in_its_own_slot(live: Slot) -> None:
    choice = chosen(found(live, {live: "old"}), "recreate")

    assert choice == Choice(live, "new", beside=None, starts=False)
    assert not choice.changes


def test_a_candidate_that_a_killed_run_left_is_taken_up_where_it_is() -> None:
    assert chosen(found("a", {"a": "old", "b": "new"})) == Choice("b", "new", beside="a", starts=False)


def test_a_candidate_that_nobody_wants_any_more_gives_its_slot_to_the_next_one() -> None:
    assert chosen(found("a", {"a": "old", "b": "unwanted"})).slot == "b"


def test_a_step_back_goes_to_the_old_engine_that_is_still_there() -> None:
    assert chosen(found("b", {"a": "new", "b": "unwanted"})) == Choice("a", "new", beside="b", starts=False)


def test_a_live_engine_as_declared_beats_a_copy_of_it_in_the_other_slot() -> None:
    assert chosen(found("b", {"a": "new", "b": "new"})).slot == "b"


def test_a_live_engine_that_stopped_keeps_its_slot_and_serves_nobody() -> None:
    assert chosen(found("a", {"a": "old"}, stopped="a")) == Choice("b", "new", beside=None, starts=True)


@each_strategy
@pytest.mark.parametrize("live", SLOTS)
def test_a_live_slot_without_a_container_takes_the_engine_as_there_is_nothing_to_keep(
    live: Slot, strategy: Strategy
) -> None:
    assert chosen(found(live, {}), strategy) == Choice(live, "new", beside=None, starts=True, first=True)


def test_a_live_slot_without_a_container_takes_the_engine_rather_than_replace_another() -> None:
    assert chosen(found("a", {"b": "unwanted"})) == Choice("a", "new", beside=None, starts=True)


def test_recreate_replaces_what_is_left_when_the_live_container_is_gone() -> None:
    """Another container beside it would need the memory that there is not."""
    assert chosen(found("a", {"b": "unwanted"}), "recreate").slot == "b"


@each_strategy
def test_an_engine_as_declared_is_used_when_the_live_container_is_gone(strategy: Strategy) -> None:
    assert chosen(found("a", {"b": "new"}), strategy) == Choice("b", "new", beside=None, starts=False)


@each_strategy
def test_with_the_routes_lost_the_engine_as_declared_is_used_and_the_other_may_serve(strategy: Strategy) -> None:
    assert chosen(found(None, {"a": "old", "b": "new"}), strategy) == Choice("b", "new", beside="a", starts=False)


@pytest.mark.parametrize("taken", SLOTS)
def test_with_the_routes_lost_the_only_engine_may_be_the_one_that_serves(taken: Slot) -> None:
    assert chosen(found(None, {taken: "old"})) == Choice(other(taken), "new", beside=taken, starts=True)


@pytest.mark.parametrize("taken", SLOTS)
def test_with_the_routes_lost_recreate_replaces_the_only_engine(taken: Slot) -> None:
    assert chosen(found(None, {taken: "old"}), "recreate").slot == taken


@pytest.mark.parametrize("stopped", SLOTS)
def test_with_the_routes_lost_and_both_slots_taken_the_one_that_runs_is_kept(stopped: Slot) -> None:
    choice = chosen(found(None, {"a": "old", "b": "older"}, stopped=stopped))

    assert (choice.slot, choice.beside) == (stopped, other(stopped))


@pytest.mark.parametrize("stopped", SLOTS)
def test_with_the_routes_lost_and_both_slots_taken_recreate_frees_the_memory(stopped: Slot) -> None:
    assert chosen(found(None, {"a": "old", "b": "older"}, stopped=stopped), "recreate").slot == other(stopped)


@each_strategy
@pytest.mark.parametrize("stopped", SLOTS)
def test_of_two_engines_as_declared_the_one_that_runs_is_used(stopped: Slot, strategy: Strategy) -> None:
    assert chosen(found(None, {"a": "new", "b": "new"}, stopped=stopped), strategy).slot == other(stopped)


# A small world: what Docker holds, and what runs of `pulumi up` do to it.

End = Literal["succeeds", "is not proven", "is killed before it is proven", "is killed after the switch"]
MARKS = st.sampled_from(["red", "green", "blue"])


@dataclass
class World:
    """`live` is what routes.json says. A run declares one engine, as the program does."""

    engines: dict[Slot, str] = field(default_factory=dict)
    stopped: set[Slot] = field(default_factory=set)
    live: Slot | None = None

    def run(self, wanted: str, strategy: Strategy, end: End) -> None:
        choice = choose(self.look(), wanted, strategy)
        before = self.live
        if self.engines.get(choice.slot) != wanted or choice.slot in self.stopped:
            self.engines[choice.slot] = wanted
            self.stopped.discard(choice.slot)
        if end == "is not proven" and choice.slot != before:
            del self.engines[choice.slot]
        if end in {"succeeds", "is killed after the switch"}:
            self.live = choice.slot
        if end == "succeeds":
            self.remove(other(choice.slot))

    def remove(self, slot: Slot) -> None:
        self.engines.pop(slot, None)
        self.stopped.discard(slot)

    def look(self) -> Found:
        return Found(dict(self.engines), self.live, frozenset(self.engines.keys() - self.stopped))


RUNS = st.tuples(
    st.just("run"),
    MARKS,
    st.sampled_from(STRATEGIES),
    st.sampled_from(["succeeds", "is not proven", "is killed before it is proven", "is killed after the switch"]),
)
ACCIDENTS = st.one_of(
    st.tuples(st.just("remove"), st.sampled_from(SLOTS)),
    st.tuples(st.just("stop"), st.sampled_from(SLOTS)),
    st.tuples(st.just("lose the routes")),
)


def happen(world: World, event: tuple[Any, ...]) -> None:
    match event:
        case ("run", wanted, strategy, end):
            world.run(wanted, strategy, end)
        case ("remove", slot):
            world.remove(slot)
        case ("stop", slot) if slot in world.engines:
            world.stopped.add(slot)
        case ("lose the routes",):
            world.live = None


@given(st.lists(st.one_of(RUNS, ACCIDENTS)), MARKS, st.sampled_from(STRATEGIES))
def test_whatever_happened_a_run_that_succeeds_leaves_one_engine_live_and_as_declared(
    history: list[tuple[Any, ...]], wanted: str, strategy: Strategy
) -> None:
    world = World()
    for event in history:
        happen(world, event)

    world.run(wanted, strategy, "succeeds")

    assert world.live is not None
    assert world.engines == {world.live: wanted}
    assert world.look().running == {world.live}


@given(
    st.lists(st.one_of(RUNS, ACCIDENTS)),
    MARKS,
    st.sampled_from(["is not proven", "is killed before it is proven"]),
)
def test_whatever_happened_a_run_that_does_not_succeed_leaves_the_live_engine_alone(
    history: list[tuple[Any, ...]], wanted: str, end: End
) -> None:
    world = World()
    for event in history:
        happen(world, event)
    live, serves = world.live, world.live and world.live in world.look().running
    engine = live and world.engines.get(live)

    world.run(wanted, "side-by-side", end)

    if serves:
        assert live is not None
        assert (world.live, world.engines.get(live)) == (live, engine)


@given(st.lists(st.one_of(RUNS, ACCIDENTS)), MARKS, st.sampled_from(STRATEGIES))
def test_whatever_happened_a_second_run_of_the_same_declaration_stays_where_it_is(
    history: list[tuple[Any, ...]], wanted: str, strategy: Strategy
) -> None:
    world = World()
    for event in history:
        happen(world, event)
    world.run(wanted, strategy, "succeeds")

    assert choose(world.look(), wanted, strategy) == Choice(world.live or "a", wanted, beside=None, starts=False)


# The mark of an engine.

SPEC = ContainerSpec(
    image="acme/engine:1",
    entrypoint=("serve",),
    command=("--port", "80"),
    env={"HOME": "/root"},
    mounts={"/models/model.gguf": "/srv/model.gguf"},
    gpus="all",
    devices=("/dev/kfd",),
    groups=("video",),
    shm_mib=1024,
)
ENGINE = Engine(name="acme", images={}, port=80, cache_path="/data", healthcheck=("CMD", "true"))
OTHERS: dict[str, Any] = {"memory_mib": 8192, "cpus": 2.0, "contents": "feed", "secrets": {"token": "hf_" + 40 * "x"}}


def marked(spec: Mapping[str, Any] | None = None, engine: Mapping[str, Any] | None = None, **others: Any) -> str:
    return spec_mark(replace(SPEC, **(spec or {})), replace(ENGINE, **(engine or {})), **{**OTHERS, **others})


def test_the_mark_of_an_engine_is_state_format() -> None:
    """Another mark for the same engine would swap the engine of every user at the next run."""
    assert marked() == "689fa18f8d41f7ec"


@pytest.mark.parametrize(
    "another",
    [
        {"image": "acme/engine:2"},
        {"entrypoint": None},
        {"command": ("80", "--port")},
        {"env": {"HOME": "/"}},
        {"mounts": {"/models/model.gguf": "/srv/other.gguf"}},
        {"gpus": None},
        {"devices": ()},
        {"groups": ()},
        {"shm_mib": None},
    ],
    ids=lambda another: next(iter(another)),
)
def test_another_container_is_another_engine(another: dict[str, Any]) -> None:
    assert marked(another) != marked()


@pytest.mark.parametrize(
    "another",
    [
        {"cache_path": "/cache"},
        {"healthcheck": ("CMD", "false")},
        {"scratch": "rw"},
        {"user": "0:0"},
    ],
    ids=lambda another: next(iter(another)),
)
def test_another_way_to_run_the_engine_is_another_engine(another: dict[str, Any]) -> None:
    assert marked(engine=another) != marked()


@pytest.mark.parametrize(
    "another",
    [{"memory_mib": 4096}, {"cpus": None}, {"contents": "beef"}, {"secrets": {}}, {"secrets": {"token": "other"}}],
    ids=str,
)
def test_other_limits_weights_or_secrets_are_another_engine(another: dict[str, Any]) -> None:
    assert marked(**another) != marked()


def test_the_order_of_a_table_makes_no_other_engine() -> None:
    env = {"A": "1", "B": "2"}

    assert marked({"env": env}) == marked({"env": dict(reversed(env.items()))})

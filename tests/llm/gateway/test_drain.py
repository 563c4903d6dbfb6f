"""Closing what agents used before they moved: after a while, and not under the streams that still run."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.llm.gateway import strays
from components.llm.gateway.drain import DrainProvider, drain, let_end
from components.llm.gateway.routes import only
from components.llm.names import slot_at
from components.llm.volume_files import VolumeFilesError
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_llm import answer, refuse
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Act, Asked
from tests.fixtures.volume_in_memory import PLACE, VolumeInMemory

pytestmark = pytest.mark.usefixtures("volume")

OLD, NEW = "engine-b:8080", PLACE["address"]
MOVED = only(OLD, "old").moved_to(NEW, "new")
CLOSED = only(NEW, "new")
SHUT = {"previous-token": "", "older-token": ""}
PRIVATE = "canary-private-token"
OWNER = {"trugen-llm.llm": "main"}
DRAINED = DrainProvider()


class Engines:
    """Stands for Docker: slots in which the LLM has an engine."""

    def __init__(self) -> None:
        self.slots = {"a"}

    def are_there(self, owner: object, address: str) -> bool:
        return owner == OWNER and bool(self.slots - {slot_at(address)})

    def remove(self, owner: object, address: str) -> None:
        assert owner == OWNER
        self.slots &= {slot_at(address)}


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    docker = Engines()
    monkeypatch.setattr(strays, "are_there", docker.are_there)
    monkeypatch.setattr(strays, "remove", docker.remove)
    return docker


class InFlight:
    """
    Scripted relay behind a private door: `counts` are its successive answers, the last for all that follow.

    Source: components/llm/gateway/relay.py, route `/in-flight`: requests by address of the engine.
    """

    def __init__(self, *counts: Act) -> None:
        self.counts = list(counts)

    def __call__(self, asked: Asked) -> Act:
        if asked.headers.get("authorization") != f"Bearer {PRIVATE}":
            return refuse(401, "stranger")
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]


@pytest.fixture
def relay() -> Iterator[tuple[InFlight, str]]:
    counts = InFlight(answer(200, {}))
    with ScriptedServer(counts) as server:
        yield counts, f"{server.root_url}/relay/in-flight"


def props(relay: tuple[InFlight, str], **others: Any) -> dict[str, Any]:
    return {
        "gateway": PLACE,
        "owner": OWNER,
        "model": "new",
        "token_mark": "mark",
        "in_flight_url": relay[1],
        "private_token": PRIVATE,
        "drain_s": 30.0,
        "progress_urn": "",
        "__provider": "p",
        **others,
    }


def former(volume: VolumeInMemory) -> tuple[str, ...]:
    return tuple(volume.files[name] for name in ("routes.json", "previous-token", "older-token"))


@pytest.fixture
def moved(volume: VolumeInMemory) -> VolumeInMemory:
    """The agents use the new engine and token; the old ones are open still."""
    volume.files |= {"routes.json": str(MOVED), "token": "new", "previous-token": "old", "older-token": "older"}
    return volume


def test_the_former_token_and_route_are_closed(
    moved: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock
) -> None:
    drain(props(relay), clock, clock.sleep)

    assert (str(CLOSED), "", "") == former(moved)


def test_they_stay_valid_for_as_long_as_declared(
    moved: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock
) -> None:
    closed_at: list[float] = []
    moved.at_each_moment = lambda: closed_at.append(clock())

    drain(props(relay), clock, clock.sleep)

    assert min(closed_at) == 30.0


@pytest.mark.parametrize(
    ("routes", "tokens"),
    [(MOVED, {}), (CLOSED, {"previous-token": "old"}), (CLOSED, {"older-token": "older"})],
    ids=["only an engine", "only a token", "only an older token"],
)
def test_either_of_them_is_reason_enough_to_wait(
    moved: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock, routes: Any, tokens: dict[str, str]
) -> None:
    moved.files |= {**SHUT, **tokens, "routes.json": str(routes)}

    drain(props(relay), clock, clock.sleep)

    assert (30.0, (str(CLOSED), "", "")) == (clock(), former(moved))


def test_the_file_of_the_token_in_use_is_not_touched(
    moved: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock
) -> None:
    drain(props(relay), clock, clock.sleep)

    assert "token" not in {name for names in moved.writes for name in names}


def test_nothing_to_close_takes_no_time(volume: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock) -> None:
    volume.files |= {**SHUT, "routes.json": str(CLOSED)}

    drain(props(relay), clock, clock.sleep)

    assert (0.0, []) == (clock(), volume.writes)


@pytest.mark.usefixtures("moved")
def test_streams_of_the_old_engine_are_waited_for(relay: tuple[InFlight, str], clock: FakeClock) -> None:
    relay[0].counts = [answer(200, {OLD: 2}), answer(200, {OLD: 1, NEW: 5}), answer(200, {NEW: 5})]

    drain(props(relay, drain_s=0.0), clock, clock.sleep)

    assert 2 == len(clock.pauses)


@pytest.mark.usefixtures("moved")
def test_streams_of_the_new_engine_are_not(relay: tuple[InFlight, str], clock: FakeClock) -> None:
    relay[0].counts = [answer(200, {NEW: 5})]

    drain(props(relay, drain_s=0.0), clock, clock.sleep)

    assert [] == clock.pauses


@pytest.mark.usefixtures("moved")
def test_a_stream_without_an_end_is_waited_for_five_minutes(relay: tuple[InFlight, str], clock: FakeClock) -> None:
    relay[0].counts = [answer(200, {OLD: 1})]

    drain(props(relay), clock, clock.sleep)

    assert 330.0 == clock()


@pytest.mark.parametrize(
    "said", [refuse(502, "no relay"), answer(200, [1]), answer(200, {OLD: "many"})], ids=["502", "a list", "words"]
)
def test_a_relay_that_does_not_tell_is_not_waited_for(
    moved: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock, said: Act
) -> None:
    relay[0].counts = [said]

    drain(props(relay, drain_s=0.0), clock, clock.sleep)

    assert ((str(CLOSED), "", ""), []) == (former(moved), clock.pauses)


def test_a_gateway_that_is_down_is_not_waited_for(moved: VolumeInMemory, clock: FakeClock) -> None:
    with ScriptedServer(InFlight(answer(200, {OLD: 1})), closed=True) as nobody:
        drain(props((InFlight(), nobody.root_url), drain_s=0.0), clock, clock.sleep)

    assert ((str(CLOSED), "", ""), []) == (former(moved), clock.pauses)


def test_streams_of_an_llm_that_goes_are_waited_for(relay: tuple[InFlight, str], clock: FakeClock) -> None:
    relay[0].counts = [answer(200, {NEW: 2}), answer(200, {NEW: 1}), answer(200, {})]

    let_end(props(relay), clock, clock.sleep)

    assert 2 == len(clock.pauses)


def test_an_llm_that_goes_waits_for_no_longer_than_declared(relay: tuple[InFlight, str], clock: FakeClock) -> None:
    relay[0].counts = [answer(200, {NEW: 1})]

    let_end(props(relay), clock, clock.sleep)

    assert 30.0 == clock()


@pytest.mark.parametrize("moment", range(6))
def test_an_interrupted_drain_ends_the_same_when_it_is_repeated(
    moved: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock, moment: int
) -> None:
    moved.fail_at = moment
    with pytest.raises(VolumeFilesError):
        drain(props(relay), clock, clock.sleep)

    drain(props(relay), clock, clock.sleep)

    assert (str(CLOSED), "", "") == former(moved)


def test_a_drain_that_was_broken_off_among_streams_waits_for_them_when_it_is_repeated(
    volume: VolumeInMemory, relay: tuple[InFlight, str], clock: FakeClock
) -> None:
    volume.files |= {**SHUT, "routes.json": str(CLOSED)}
    relay[0].counts = [answer(200, {OLD: 1}), answer(200, {})]

    drain(props(relay), clock, clock.sleep)

    assert 1 == len(clock.pauses)


@pytest.mark.parametrize(
    "change", [{"gateway": {**PLACE, "address": OLD}}, {"model": "other"}, {"token_mark": "other"}, {"__provider": "q"}]
)
def test_agents_that_moved_make_a_drain(relay: tuple[InFlight, str], change: dict[str, Any]) -> None:
    outs = DRAINED.create(props(relay, drain_s=0.0)).outs or {}

    assert (True, []) == ((diff := DRAINED.diff("id", outs, props(relay, **change))).changes, diff.replaces)


@pytest.mark.parametrize("change", [{"drain_s": 1.0}, {"in_flight_url": "http://127.0.0.1:9/"}, {"private_token": "t"}])
def test_how_it_is_drained_makes_none(relay: tuple[InFlight, str], change: dict[str, Any]) -> None:
    outs = DRAINED.create(props(relay, drain_s=0.0)).outs or {}

    assert not DRAINED.diff("id", outs, props(relay, **change)).changes


@pytest.mark.parametrize("left_open", [{"previous-token": "taken back"}, {"routes.json": str(MOVED)}], ids=str)
def test_what_a_change_that_was_taken_back_left_open_is_closed_by_the_next_run(
    volume: VolumeInMemory, relay: tuple[InFlight, str], left_open: dict[str, str]
) -> None:
    """Then agents, model and token are what they were, and only a look at the door shows that it has two keys."""
    outs = DRAINED.create(props(relay, drain_s=0.0)).outs or {}
    volume.files |= left_open

    seen = DRAINED.read("id", outs).outs or {}
    assert DRAINED.diff("id", seen, props(relay)).changes
    DRAINED.update("id", seen, props(relay, drain_s=0.0))

    assert (str(CLOSED), "", "") == former(volume)


def test_a_refresh_of_a_closed_door_is_no_change(relay: tuple[InFlight, str]) -> None:
    outs = DRAINED.create(props(relay, drain_s=0.0)).outs or {}

    assert outs == DRAINED.read("id", outs).outs
    assert not DRAINED.diff("id", outs, props(relay)).changes


def test_an_engine_that_a_killed_run_left_in_the_other_slot_is_found_by_a_refresh_and_removed(
    relay: tuple[InFlight, str], volume: VolumeInMemory, engines: Engines
) -> None:
    volume.files |= {"routes.json": str(CLOSED), "next-routes.json": str(CLOSED), **SHUT}
    before = DRAINED.create(props(relay)).outs or {}
    engines.slots = {"a", "b"}

    found = DRAINED.read("drained", before).outs or {}
    changes = DRAINED.diff("drained", found, props(relay)).changes
    DRAINED.update("drained", found, props(relay))

    assert changes
    assert engines.slots == {"a"}


def test_an_llm_that_goes_takes_what_a_killed_run_left_along(relay: tuple[InFlight, str], engines: Engines) -> None:
    """Or its network could not be removed."""
    engines.slots = {"a", "b"}

    DRAINED.delete("drained", props(relay))

    assert engines.slots == {"a"}

"""The gate of an engine behind a gateway of ours: proven at the private door, led to, and proven at the public one."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.llm.gate.failure import CannotServe
from components.llm.gateway import candidate
from components.llm.gateway.routes import Routes, only
from components.llm.ready_gate_provider import ReadyGateProvider
from components.llm.volume_files import VolumeFilesError
from tests.fixtures.conforming import conforming, kind_of
from tests.fixtures.scripted_docker import CONTAINER, ScriptedDocker, docker_host
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, refuse
from tests.fixtures.scripted_socket import Act, Asked, Connection
from tests.fixtures.volume_in_memory import PLACE, VolumeInMemory
from tests.fixtures.waiting import TOKEN

GATE = ReadyGateProvider()
PRIVATE = "canary-PRIVATE/1234567890abcdef"
LIVE, CANDIDATE = "engine-b:8080", PLACE["address"]
BEFORE = only(LIVE, "old")
AFTER = Routes(CANDIDATE, {"old": LIVE, MODEL: CANDIDATE})


class Doors:
    """Both doors of one gateway, scripted; each notes how requests were routed when it was asked."""

    def __init__(self, volume: VolumeInMemory) -> None:
        self._volume = volume
        self.private_routes: list[str | None] = []
        self.public_routes: list[str | None] = []
        self.private_act: Act = conforming(PRIVATE)
        self.public_act: Act = conforming(TOKEN)
        self.private = ScriptedLlm([self._private])
        self.public = ScriptedLlm([self._public])

    def _private(self, connection: Connection, asked: Asked) -> None:
        self.private_routes.append(self._volume.files.get("routes.json"))
        self.private_act(connection, asked)

    def _public(self, connection: Connection, asked: Asked) -> None:
        self.public_routes.append(self._volume.files.get("routes.json"))
        self.public_act(connection, asked)


@pytest.fixture
def doors(volume: VolumeInMemory) -> Iterator[Doors]:
    doors = Doors(volume)
    with doors.private, doors.public:
        yield doors


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Says that the container runs."""
    with ScriptedDocker().serve() as docker:
        monkeypatch.setenv("DOCKER_HOST", docker_host(docker))
        yield


@pytest.fixture(autouse=True)
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Containers that were removed."""
    ids: list[str] = []
    monkeypatch.setattr(candidate, "_remove", ids.append)
    return ids


def inputs(doors: Doors, **others: Any) -> dict[str, Any]:
    return {
        "base_url": doors.private.base_url,
        "agent_url": doors.public.base_url,
        "model": MODEL,
        "engine": "other",
        "token": TOKEN,
        "private_token": PRIVATE,
        "gateway": PLACE,
        "trigger": "container-1",
        "stall_timeout_s": 180.0,
        "timeout_s": 1200.0,
        "successes": 2.0,
        "ttft_budget_action": "warn",
        "progress_urn": "",
        "llm": "smol",
        "needs_tools": False,
        "needs_vision": False,
        "system_prompt_bytes": 0.0,
        "auth_required": True,
        "gpu": False,
        "__provider": "pickled",
        **others,
    }


def test_each_door_is_shown_its_own_token(doors: Doors) -> None:
    GATE.create(inputs(doors))

    assert {f"Bearer {PRIVATE}"} == {asked.headers["authorization"] for asked in doors.private.asked}
    known = [asked for asked in doors.public.chats() if kind_of(asked, token=TOKEN) != "stranger"]
    assert known
    assert PRIVATE not in str([asked.headers for asked in doors.public.asked])


def test_the_traffic_moves_only_after_the_proof_at_the_private_door(volume: VolumeInMemory, doors: Doors) -> None:
    volume.files["routes.json"] = str(BEFORE)

    GATE.create(inputs(doors, needs_tools=True, needs_vision=True))

    assert ({str(BEFORE)}, {str(AFTER)}) == (set(doors.private_routes), set(doors.public_routes))


def test_who_still_names_the_old_model_is_led_to_the_old_engine(volume: VolumeInMemory, doors: Doors) -> None:
    volume.files["routes.json"] = str(BEFORE)

    GATE.create(inputs(doors))

    assert str(AFTER) == volume.files["routes.json"]


def test_the_first_engine_gets_all_traffic(volume: VolumeInMemory, doors: Doors) -> None:
    GATE.create(inputs(doors))

    assert str(only(CANDIDATE, MODEL)) == volume.files["routes.json"]


def test_an_engine_that_has_the_traffic_is_proven_again_without_touching_the_door(
    volume: VolumeInMemory, doors: Doors
) -> None:
    volume.files["routes.json"] = str(only(CANDIDATE, MODEL))

    GATE.update("ready-1", {}, inputs(doors))

    assert [] == volume.writes


def test_a_candidate_that_fails_at_the_private_door_never_gets_traffic(
    volume: VolumeInMemory, doors: Doors, removed: list[str]
) -> None:
    volume.files["routes.json"] = str(BEFORE)
    doors.private_act = refuse(401, "stranger")

    with pytest.raises(CannotServe):
        GATE.create(inputs(doors, container_id=CONTAINER))

    assert ([], [], [CONTAINER]) == (volume.writes, doors.public.asked, removed)


def test_a_candidate_that_fails_at_the_public_door_gives_the_traffic_back(
    volume: VolumeInMemory, doors: Doors, removed: list[str]
) -> None:
    volume.files["routes.json"] = str(BEFORE)
    doors.public_act = refuse(401, "stranger")

    with pytest.raises(CannotServe):
        GATE.create(inputs(doors, container_id=CONTAINER))

    assert (str(BEFORE), [CONTAINER]) == (volume.files["routes.json"], removed)
    assert {str(AFTER)} == set(doors.public_routes)


def test_a_first_engine_that_fails_gets_no_traffic_and_stays_to_be_looked_at(
    volume: VolumeInMemory, doors: Doors, removed: list[str]
) -> None:
    doors.public_act = refuse(401, "stranger")

    with pytest.raises(CannotServe):
        GATE.create(inputs(doors, container_id=CONTAINER))

    assert ("", []) == (volume.files["routes.json"], removed)


@pytest.mark.parametrize("moment", range(2))
def test_a_door_that_cannot_be_led_leaves_the_traffic_where_it_was(
    volume: VolumeInMemory, doors: Doors, removed: list[str], moment: int
) -> None:
    volume.files["routes.json"] = str(BEFORE)
    volume.fail_at = moment

    with pytest.raises(VolumeFilesError):
        GATE.create(inputs(doors, container_id=CONTAINER))

    assert (str(BEFORE), [CONTAINER]) == (volume.files["routes.json"], removed)


def test_neither_token_is_told_when_a_door_repeats_it(doors: Doors) -> None:
    doors.private_act = refuse(401, f"{PRIVATE} and {TOKEN} are unknown")

    with pytest.raises(CannotServe) as caught:
        GATE.create(inputs(doors))

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"private_token": "other"}, {"gateway": {**PLACE, "address": LIVE}}, {"gateway": None}], ids=str
)
def test_another_place_is_proven_again(doors: Doors, change: dict[str, Any]) -> None:
    outs = {**(GATE.create(inputs(doors)).outs or {}), "__provider": "pickled"}

    assert not GATE.diff("ready-1", outs, inputs(doors)).changes
    assert GATE.diff("ready-1", outs, inputs(doors, **change)).changes


def test_a_refresh_looks_at_the_public_door_only(doors: Doors) -> None:
    outs = GATE.create(inputs(doors)).outs or {}
    seen = len(doors.private.asked)

    assert (outs, seen) == (GATE.read("ready-1", outs).outs, len(doors.private.asked))

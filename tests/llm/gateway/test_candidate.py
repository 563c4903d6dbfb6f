"""What an engine that was not proven leaves behind."""

import pytest
import requests
from docker.errors import APIError

from components.llm.gateway import candidate
from components.llm.gateway.candidate import removed_unless_proven
from components.llm.gateway.routes import Routes, only
from components.llm.volume_files import VolumeFilesError
from tests.fixtures.volume_in_memory import PLACE, VolumeInMemory

LIVE, CANDIDATE = "engine-a:11434", "engine-b:11434"
BESIDE = {**PLACE, "address": CANDIDATE}


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Containers that were removed."""
    ids: list[str] = []
    monkeypatch.setattr(candidate, "_remove", ids.append)
    return ids


def prove(volume: VolumeInMemory, leads: Routes | None, place: dict[str, str] | None = BESIDE) -> None:
    """A proof that fails after the door was led by *leads*."""
    with removed_unless_proven(place, "c0ffee", purpose="gate"):
        if leads is not None:
            volume.files["routes.json"] = str(leads)
        raise RuntimeError("not proven")


def fails(volume: VolumeInMemory, *, leads: Routes | None = None, place: dict[str, str] | None = BESIDE) -> None:
    with pytest.raises(RuntimeError, match="not proven"):
        prove(volume, leads, place)


def test_a_failed_candidate_is_removed_and_the_traffic_is_where_it_was(
    volume: VolumeInMemory, removed: list[str]
) -> None:
    volume.files["routes.json"] = str(before := only(LIVE, "old"))

    fails(volume, leads=before.moved_to(CANDIDATE, "new"))

    assert (str(before), ["c0ffee"]) == (volume.files["routes.json"], removed)


def test_a_candidate_that_never_got_traffic_is_removed_without_touching_the_door(
    volume: VolumeInMemory, removed: list[str]
) -> None:
    volume.files["routes.json"] = str(only(LIVE, "old"))

    fails(volume)

    assert ([], ["c0ffee"]) == (volume.writes, removed)


def test_the_first_engine_of_a_stack_stays_with_its_log_and_gets_no_traffic(
    volume: VolumeInMemory, removed: list[str]
) -> None:
    fails(volume, leads=only(CANDIDATE, "new"))

    assert ("", []) == (volume.files["routes.json"], removed)


@pytest.mark.parametrize("address", [LIVE, "engine-a:8080"])
def test_the_live_engine_is_never_removed(volume: VolumeInMemory, removed: list[str], address: str) -> None:
    volume.files["routes.json"] = str(before := only(LIVE, "old"))

    fails(volume, leads=before.moved_to(address, "new"), place={**PLACE, "address": address})

    assert (str(before), []) == (volume.files["routes.json"], removed)


def test_an_engine_that_some_agents_still_use_is_not_removed(volume: VolumeInMemory, removed: list[str]) -> None:
    """A change is taken back before all agents have moved, and its proof fails."""
    volume.files["routes.json"] = str(only(CANDIDATE, "old").moved_to(LIVE, "new"))

    fails(volume)

    assert [] == removed


def test_a_wait_that_is_broken_off_leaves_the_same(volume: VolumeInMemory, removed: list[str]) -> None:
    volume.files["routes.json"] = str(only(LIVE, "old"))

    with pytest.raises(KeyboardInterrupt), removed_unless_proven(BESIDE, "c0ffee", purpose="gate"):
        raise KeyboardInterrupt

    assert ["c0ffee"] == removed


def test_a_proven_candidate_keeps_the_traffic(volume: VolumeInMemory, removed: list[str]) -> None:
    volume.files["routes.json"] = str(before := only(LIVE, "old"))

    with removed_unless_proven(BESIDE, "c0ffee", purpose="gate"):
        volume.files["routes.json"] = after = str(before.moved_to(CANDIDATE, "new"))

    assert (after, []) == (volume.files["routes.json"], removed)


def test_an_endpoint_without_a_gateway_of_ours_has_nothing_to_undo(volume: VolumeInMemory, removed: list[str]) -> None:
    fails(volume, place=None)

    assert ([], []) == (volume.writes, removed)


def test_a_candidate_is_not_removed_while_traffic_may_still_go_to_it(
    volume: VolumeInMemory, removed: list[str]
) -> None:
    volume.files["routes.json"] = str(before := only(LIVE, "old"))
    volume.fail_at = 0

    fails(volume, leads=before.moved_to(CANDIDATE, "new"))

    assert [] == removed


@pytest.mark.parametrize("fault", [VolumeFilesError("no"), APIError("no"), requests.ConnectionError("no")], ids=repr)
def test_a_docker_that_fails_at_it_does_not_hide_why_the_engine_was_not_proven(
    volume: VolumeInMemory, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def remove(_: str) -> None:
        raise fault

    volume.files["routes.json"] = str(only(LIVE, "old"))
    monkeypatch.setattr(candidate, "_remove", remove)

    with pytest.raises(RuntimeError, match="not proven") as caught:
        prove(volume, leads=None)

    (note,) = caught.value.__notes__
    assert "could not be taken back: no" in note
    assert "`pulumi up`" in note


@pytest.mark.usefixtures("removed")
def test_a_failed_candidate_says_what_the_traffic_stays_on(volume: VolumeInMemory) -> None:
    volume.files["routes.json"] = str(only(LIVE, "old"))

    with pytest.raises(RuntimeError) as caught:
        prove(volume, leads=None)

    assert caught.value.__notes__ == [
        "  Agents and traffic stay on 'old' in slot a; the container of the new engine was removed."
    ]


def test_a_failure_in_the_live_engine_says_that_the_traffic_is_led_as_before(volume: VolumeInMemory) -> None:
    volume.files["routes.json"] = str(only(LIVE, "old"))

    with pytest.raises(RuntimeError) as caught:
        prove(volume, leads=None, place={**PLACE, "address": LIVE})

    assert caught.value.__notes__ == ["  Agents and traffic are led to 'old' in slot a, as before this run."]


def test_the_first_engine_that_fails_has_no_other_to_speak_of(volume: VolumeInMemory) -> None:
    with pytest.raises(RuntimeError) as caught:
        prove(volume, leads=None)

    assert not hasattr(caught.value, "__notes__")

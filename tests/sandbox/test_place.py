"""Where a stack's sandbox keeps its data, and whose port it recognises as its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from air_gapped import places
from components.sandbox import place
from components.sandbox.data_dir import DataDir, Serving


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRUGEN_LLM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///var/lib/pulumi")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def served(folder: Path, port: int) -> Iterator[None]:
    """As a serving process holds its data dir."""
    data_dir = DataDir(folder)
    data_dir.prepare()
    with data_dir.held() as lease:
        lease.write(Serving(port=port, placement="nested", reveal_llm=False, pid=1, started_at="now"))
        yield


def test_two_checkouts_choose_the_same_place(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = place.chosen("dev")
    (machine / "another").mkdir()
    monkeypatch.chdir(machine / "another")

    assert place.chosen("dev") == first
    assert machine / "state" in first.parents


def test_stacks_of_one_name_in_two_backends_have_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    first = place.chosen("dev")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")

    assert place.chosen("dev") != first


def test_a_new_password_of_the_backend_is_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = set()
    for credentials in ("ada:one@", "ada:two@", ""):
        monkeypatch.setenv("PULUMI_BACKEND_URL", f"postgres://{credentials}db.example:5432/pulumi")
        chosen.add(place.chosen("dev"))

    assert len(chosen) == 1


def test_the_preparation_and_the_program_mean_one_state_folder(monkeypatch: pytest.MonkeyPatch, machine: Path) -> None:
    assert place.state_folder() == places.state()
    monkeypatch.delenv("TRUGEN_LLM_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(machine / "xdg"))
    assert place.state_folder() == places.state()
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(machine / "home"))
    assert place.state_folder() == places.state()


def test_a_port_is_the_stacks_own_wherever_its_sandbox_was_created(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(place.chosen("dev"), 8899), served(place.EARLIER / "old", 8900):
        monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://where-the-state-moved-to")

        assert place.serves("dev", 8899)
        assert place.serves("old", 8900)


def test_the_port_of_another_stack_or_of_nobody_is_not_the_stacks_own() -> None:
    with served(place.chosen("dev-eu"), 8899):
        assert not place.serves("dev", 8899)
        assert not place.serves("dev-eu", 8900)
    assert not place.serves("dev-eu", 8899)

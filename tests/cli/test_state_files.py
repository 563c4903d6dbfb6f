"""What a killed run leaves half-written in a file backend."""

from pathlib import Path

import pytest

from components.cli.state_files import remove_half_written

STACK = "local"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    stacks = tmp_path / ".pulumi" / "stacks" / "trugen-llm"
    stacks.mkdir(parents=True)
    return stacks


@pytest.mark.parametrize("name", [f"{STACK}.json.attrs", f"{STACK}.json.bak.attrs"])
@pytest.mark.parametrize("content", ["", '{"user.cache_'], ids=["empty", "cut off"])
def test_an_attribute_file_that_cannot_be_read_is_removed(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)

    assert remove_half_written(STACK) == [folder / name]
    assert list(folder.iterdir()) == []


def test_one_that_can_be_read_stays_and_so_does_the_state(folder: Path) -> None:
    (folder / f"{STACK}.json").write_text("")
    (folder / f"{STACK}.json.attrs").write_text("{}")

    assert remove_half_written(STACK) == []
    assert len(list(folder.iterdir())) == 2


def test_another_stack_is_left_alone(folder: Path) -> None:
    (folder / "production.json.attrs").write_text("")

    assert remove_half_written(STACK) == []


def test_a_backend_elsewhere_has_no_such_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")

    assert remove_half_written(STACK) == []

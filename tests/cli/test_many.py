"""How `python -m components up` runs the Pulumi CLI when a stack has many agents."""

from pathlib import Path

import pytest
import yaml

from components.cli import engine, many


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(engine, "PROJECT", tmp_path)
    for name in ("PULUMI_PARALLEL", "PULUMI_SKIP_CHECKPOINTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "stacks").mkdir()
    return tmp_path / "stacks" / "Pulumi.local.yaml"


def agents(count: int) -> str:
    return yaml.safe_dump({"config": {"trugen-llm:agents": {f"agent-{number}": {} for number in range(count)}}})


def test_a_handful_of_agents_is_run_as_ever(declare: Path) -> None:
    declare.write_text(agents(many.MANY))

    assert many.environment("local") == {}


def test_the_state_of_many_agents_is_written_once(declare: Path) -> None:
    declare.write_text(agents(many.MANY + 1))

    assert many.environment("local")["PULUMI_SKIP_CHECKPOINTS"] == "true"


def test_many_agents_are_worked_on_side_by_side(declare: Path) -> None:
    declare.write_text(agents(many.MANY + 1))

    assert int(many.environment("local")["PULUMI_PARALLEL"]) == many.STEPS_AT_ONCE


def test_what_the_user_set_wins(declare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare.write_text(agents(many.MANY + 1))
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "false")
    monkeypatch.setenv("PULUMI_PARALLEL", "4")

    assert many.environment("local") == {}


@pytest.mark.parametrize("content", ["", "config: 7", "a: [", "config: {}"], ids=["empty", "number", "no YAML", "bare"])
def test_a_stack_file_that_cannot_be_counted_is_left_to_the_program(declare: Path, content: str) -> None:
    declare.write_text(content)

    assert many.environment("local") == {}


def test_a_stack_without_a_file_is_left_to_the_program(declare: Path) -> None:
    assert not declare.exists()
    assert many.environment("local") == {}

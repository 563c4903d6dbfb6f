"""A stack that earlier code deployed is the same stack to the code of today."""

from pathlib import Path

import pytest

from tests.fixtures.stored_stack import KEPT, StoredStack

DAYS = sorted(path.name for path in KEPT.iterdir())
NO_CHANGES_STATUS = 7


@pytest.mark.parametrize("day", DAYS)
def test_nothing_is_left_to_do_in_a_stack_of_earlier_code(tmp_path: Path, day: str) -> None:
    stack = StoredStack(tmp_path / "project", day)

    plan = stack.plan()

    assert plan.status == 0, plan.printed


@pytest.mark.parametrize("day", DAYS)
def test_an_edit_of_a_stack_of_earlier_code_is_an_update_of_that_agent_alone(tmp_path: Path, day: str) -> None:
    stack = StoredStack(tmp_path / "project", day)
    stack.change("agents.plain.personaPrompt", "You answer the phone of a large hotel.")

    plan = stack.plan()

    assert plan.status == NO_CHANGES_STATUS, plan.printed
    assert "~ 1 to update" in plan.printed
    assert "to replace" not in plan.printed


@pytest.mark.parametrize("day", DAYS)
def test_a_tool_that_an_agent_of_earlier_code_gets_later_is_proven_first(tmp_path: Path, day: str) -> None:
    """Its gate never looked at tools, and stands for agents that had some; not for one that gets its first."""
    stack = StoredStack(tmp_path / "project", day)
    upgraded = stack.pulumi("up", "--yes", "--skip-preview", "--refresh=false")
    stack.change("agents.plain.tool", ["tool-weather"])

    plan = stack.plan()

    assert upgraded.status == 0, upgraded.printed
    assert "~ 2 to update" in plan.printed, plan.printed
    assert "needs_tools" in plan.printed

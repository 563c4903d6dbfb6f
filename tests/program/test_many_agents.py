"""A stack with more agents than a person writes by hand."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.agent.fleet import FEW
from tests.program.conftest import Program, stack_file


@pytest.fixture
def fleet(run: Callable[..., Program]) -> Callable[[int], Program]:
    def deploy(count: int) -> Program:
        config: dict[str, Any] = stack_file("local")["config"]
        one = config["trugen-llm:agents"]["concierge"]
        config["trugen-llm:agents"] = {f"agent-{number}": one for number in range(count)}
        return run(config, stack="local")

    return deploy


@pytest.mark.parametrize(("count", "single", "common"), [(1, 1, 0), (FEW, FEW, 0), (FEW + 1, 0, 1), (120, 0, 1)])
def test_every_agent_is_registered_and_verified(
    fleet: Callable[[int], Program], count: int, single: int, common: int
) -> None:
    program = fleet(count)

    assert len(program.all("Agent")) == count
    assert (len(program.all("AgentVerified")), len(program.all("AllVerified"))) == (single, common)


def test_the_common_verdict_waits_for_every_agent(fleet: Callable[[int], Program]) -> None:
    program = fleet(FEW + 1)

    waited_for = program.only("AllVerified").input_dependencies["unverified"]

    assert {agent.urn for agent in program.all("Agent")} <= waited_for


def test_what_was_used_before_is_closed_after_all_agents_have_moved(fleet: Callable[[int], Program]) -> None:
    program = fleet(FEW + 1)

    assert {agent.urn for agent in program.all("Agent")} <= program.only("Drain").depends_on


@pytest.mark.parametrize(("count", "sent"), [(FEW, 1), (FEW + 1, 0)])
def test_only_a_fleet_leaves_the_debug_lines_of_the_sdk_unsent(
    fleet: Callable[[int], Program], monkeypatch: pytest.MonkeyPatch, count: int, sent: int
) -> None:
    fleet(count)
    lines: list[object] = []
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: "engine")
    monkeypatch.setattr(pulumi.log, "_log", lambda *line: lines.append(line))

    pulumi.log.debug("a line")

    assert len(lines) == sent

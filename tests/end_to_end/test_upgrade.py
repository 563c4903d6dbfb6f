"""A stack that earlier code deployed is the same stack to the code of today."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.end_to_end.test_switching_engines import llama_cpp
from tests.fixtures.deployment import PROJECT, Deployment
from tests.fixtures.stored_stack import KEPT, StoredStack

DAYS = sorted(path.name for path in KEPT.iterdir())
NO_CHANGES_STATUS = 7
WITHOUT_GATEWAYS = "0b72ae7f1c83eba45eeda1a59bf65a6f25ba169c"


@pytest.mark.parametrize("day", DAYS)
def test_nothing_is_left_to_do_in_a_stack_of_earlier_code(tmp_path: Path, day: str) -> None:
    stack = StoredStack(tmp_path / "project", KEPT / day)

    plan = stack.plan()

    assert plan.status == 0, plan.printed


@pytest.mark.parametrize("day", DAYS)
def test_an_edit_of_a_stack_of_earlier_code_is_an_update_of_that_agent_alone(tmp_path: Path, day: str) -> None:
    stack = StoredStack(tmp_path / "project", KEPT / day)
    stack.change("agents.plain.personaPrompt", "You answer the phone of a large hotel.")

    plan = stack.plan()

    assert plan.status == NO_CHANGES_STATUS, plan.printed
    assert "~ 1 to update" in plan.printed
    assert "to replace" not in plan.printed


@pytest.mark.parametrize("day", DAYS)
def test_a_tool_that_an_agent_of_earlier_code_gets_later_is_proven_first(tmp_path: Path, day: str) -> None:
    """Its gate never looked at tools, and stands for agents that had some; not for one that gets its first."""
    stack = StoredStack(tmp_path / "project", KEPT / day)
    upgraded = stack.pulumi("up", "--yes", "--skip-preview", "--refresh=false")
    stack.change("agents.plain.tool", ["tool-weather"])

    plan = stack.plan()

    assert upgraded.status == 0, upgraded.printed
    assert "~ 2 to update" in plan.printed, plan.printed
    assert "needs_tools" in plan.printed


def _ollama(deployment: Deployment) -> dict[str, Any]:
    declared: dict[str, Any] = deployment.config()["config"]["trugen-llm:llms"]["main"]
    return declared


@pytest.mark.parametrize("declare", [_ollama, llama_cpp])
def test_a_running_engine_of_the_release_without_gateways_gets_one_and_keeps_its_agent_and_volume(
    deployment: Deployment, engine: docker.DockerClient, tmp_path: Path, declare: Callable[[Deployment], dict[str, Any]]
) -> None:
    _check_out(WITHOUT_GATEWAYS, tmp_path / "release")
    declared = declare(deployment)
    deployment.install(tmp_path / "release")
    deployment.change("llms.main", {key: declared[key] for key in declared.keys() - {"privatePort", "gateway"}})
    before = deployment.deployed()
    volume = engine.volumes.get(deployment.names.volume(declared["engine"])).attrs["CreatedAt"]
    deployment.install(PROJECT)
    deployment.change("llms.main", declared)

    after = deployment.deployed()

    again = deployment.pulumi("preview", "--refresh=false", "--expect-no-changes")
    mine = {"label": f"trugen-llm.stack={deployment.stack}"}
    names = deployment.names
    assert after["agents"]["concierge"]["id"] == before["agents"]["concierge"]["id"]
    assert {one.name for one in deployment.containers(engine)} == {names.engine("a"), names.relay, names.gateway}
    assert {one.name for one in engine.networks.list(filters=mine)} == {names.private_network, names.front_network}
    assert engine.volumes.get(names.volume(declared["engine"])).attrs["CreatedAt"] == volume
    assert again.status == 0, again.printed


def _check_out(commit: str, folder: Path) -> None:
    """Skips where the commit is not at hand, as in a copy of the project without its history."""
    archive = subprocess.run(["git", "archive", commit], cwd=PROJECT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"{commit} is not in this copy of the repository: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(folder, filter="data")

"""A team whose 25 agents were made by hand moves in: real CLI, real sandbox, and no agent changes."""

import json
import re
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from components.cli.adopted_stack import URL_TO_FILL_IN
from tests.fixtures.conforming import conforming
from tests.fixtures.deployment import Deployment
from tests.fixtures.hand_made import ATTACHABLE, HAND_MADE, TOKEN, agent, bodies
from tests.fixtures.pulumi_project import Result
from tests.fixtures.scripted_llm import ScriptedLlm, listing
from tests.fixtures.trugen_user import TrugenUser

MODELS = ("m-1", "m-2")
# (document, updated_at) of each agent, by id
Workspace = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class MovedIn:
    """A workspace with 25 agents made by hand and one more that is not to be retained, after `adopt` and `up`."""

    deployment: Deployment
    adopted: subprocess.CompletedProcess[str]
    before: Workspace
    preview: Result
    up: Result
    after: Workspace

    def on_trugens_models(self) -> Workspace:
        return {id_: agent for id_, agent in self.before.items() if '"provider": "custom"' not in agent[0]}


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm([conforming(TOKEN, MODELS)], models=listing(*MODELS)) as llm:
        yield llm


@pytest.fixture(scope="module")
def moved_in(tmp_path_factory: pytest.TempPathFactory, llm: ScriptedLlm) -> Iterator[MovedIn]:
    with_sandbox = Deployment(tmp_path_factory.mktemp("adoption") / "project", f"e2e-{secrets.token_hex(3)}")
    try:
        yield _move_in(with_sandbox, llm)
    finally:
        assert with_sandbox.destroy().status == 0


def _move_in(deployment: Deployment, llm: ScriptedLlm) -> MovedIn:
    _declare(deployment, llms={}, agents={})
    user = TrugenUser(**deployment.deployed()["sandbox"])
    guardrail = user.make("guardrail", {"name": "No swearing", "prompt": "Never swear."})
    for body in bodies(llm.base_url, MODELS, {**dict.fromkeys(ATTACHABLE, "id-1"), "guardrail": guardrail}):
        user.make("agent", body)
    user.make("agent", agent("Doomed"))
    before = _workspace(deployment)
    adopted = _adopt(deployment, "--all")
    sections = yaml.safe_load(adopted.stdout.replace(URL_TO_FILL_IN, llm.base_url))["config"]
    _declare(deployment, llms=sections["trugen-llm:llms"], agents=sections["trugen-llm:agents"])
    deployment.change("agents.doomed.retain", None)
    for name, declared in sections["trugen-llm:llms"].items():
        if declared["engine"] == "hosted":
            deployment.pulumi("config", "set", "--secret", "--path", f"llmTokens.{name}", TOKEN)
    preview, up = deployment.pulumi("preview"), deployment.up("--skip-preview")
    return MovedIn(deployment, adopted, before, preview, up, _workspace(deployment))


def _declare(deployment: Deployment, **sections: dict[str, Any]) -> None:
    for name, section in sections.items():
        deployment.change(name, section)


def _adopt(deployment: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "components", "adopt", *words, "--stack", deployment.stack]
    return subprocess.run(
        command, cwd=deployment.folder, env=deployment.environment(), capture_output=True, text=True, check=False
    )


def _workspace(deployment: Deployment) -> Workspace:
    (database,) = deployment.user_state.glob("sandbox/*/sandbox.sqlite3")
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute("SELECT id, document, updated_at FROM objects WHERE kind = 'agent' ORDER BY seq").fetchall()
    return {id_: (document, updated_at) for id_, document, updated_at in rows}


def _documents(workspace: Workspace) -> dict[str, Any]:
    """Parsed, since the sandbox writes a default as `1` and the same number, sent, as `1.0`."""
    return {id_: json.loads(document) for id_, (document, _) in workspace.items()}


def _announced(printed: str) -> set[str]:
    return set(re.findall(r"adopts agent (\S+); changes: nothing", printed))


def test_every_agent_is_written_down_and_no_credential_with_them(moved_in: MovedIn) -> None:
    agents = yaml.safe_load(moved_in.adopted.stdout)["config"]["trugen-llm:agents"]

    assert (moved_in.adopted.returncode, len(agents)) == (0, HAND_MADE + 1), moved_in.adopted.stderr
    assert TOKEN not in moved_in.adopted.stdout + moved_in.adopted.stderr


def test_the_plan_says_of_each_agent_that_nothing_changes(moved_in: MovedIn) -> None:
    assert moved_in.preview.status == 0, moved_in.preview.printed
    assert _announced(moved_in.preview.printed) == set(moved_in.before), moved_in.preview.printed


def test_up_leaves_every_agent_to_the_byte_and_writes_none_that_uses_a_model_of_trugens(moved_in: MovedIn) -> None:
    untouched = moved_in.on_trugens_models()

    assert moved_in.up.status == 0, moved_in.up.printed
    assert _documents(moved_in.before) == _documents(moved_in.after)
    assert len(untouched) == len(moved_in.before) - len(MODELS) - 1
    assert {id_: moved_in.after[id_] for id_ in untouched} == untouched


def test_a_second_up_changes_nothing(moved_in: MovedIn) -> None:
    before = _workspace(moved_in.deployment)

    again = moved_in.deployment.up("--skip-preview", "--expect-no-changes")

    assert again.status == 0, again.printed
    assert _workspace(moved_in.deployment) == before


def test_a_refresh_sees_no_drift(moved_in: MovedIn) -> None:
    refresh = moved_in.deployment.pulumi("refresh", "--preview-only", "--expect-no-changes")

    assert refresh.status == 0, refresh.printed


def test_nobody_is_adopted_twice(moved_in: MovedIn) -> None:
    any_id = next(iter(moved_in.before))

    again, named = _adopt(moved_in.deployment, "--all"), _adopt(moved_in.deployment, any_id)

    assert (again.returncode, again.stdout) == (0, ""), again.stderr
    assert (named.returncode, named.stdout) == (1, "")
    assert f"{any_id}: left out, the stack has it already" in named.stderr


def test_destroying_the_agents_deletes_none_but_the_one_that_is_not_retained(moved_in: MovedIn) -> None:
    kinds = ("Agent", "AllVerified")
    agents = [f"--target=urn:pulumi:**::pulumi-python:dynamic/trugen:{kind}::**" for kind in kinds]
    before = _workspace(moved_in.deployment)

    destroyed = moved_in.deployment.pulumi("destroy", "--yes", "--skip-preview", *agents)
    left = _workspace(moved_in.deployment)
    moved_in.deployment.change("agents.doomed", None)
    again = moved_in.deployment.up("--skip-preview")

    assert (destroyed.status, again.status) == (0, 0), destroyed.printed + again.printed
    assert left == {id_: one for id_, one in before.items() if '"agent_name": "Doomed"' not in one[0]}
    assert len(left) == HAND_MADE

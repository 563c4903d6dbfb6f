"""What a PUT leaves as it is: whatever the stack never declared, known to us or not."""

from pathlib import Path
from typing import Any

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.roster import Roster
from components.trugen.client import TrugenClient
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.sandbox_server import SandboxServer

UNKNOWN = {"beta_feature": {"mode": "on"}, "labels": ["a", "b"]}


def lifecycle_of(sandbox: SandboxServer) -> AgentLifecycle:
    clock = FakeClock()
    client = TrugenClient(sandbox.api_url, sandbox.api_key, clock=clock, sleep=clock.sleep)
    return AgentLifecycle(client, roster=Roster(), sleep=clock.sleep)


def edited(sandbox: SandboxServer, id_: str, **members: Any) -> None:
    document = sandbox.call("GET", f"/ext/agent/{id_}").json()
    inputs = agent_inputs()
    body = AGENT.replacement(document, inputs, inputs) | members
    assert sandbox.call("PUT", f"/ext/agent/{id_}", body).ok


def test_members_that_we_do_not_know_survive_an_update(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, unknown_fields="keep") as sandbox:
        lifecycle = lifecycle_of(sandbox)
        id_, outs = lifecycle.create(agent_inputs())
        edited(sandbox, id_, **UNKNOWN)

        outs = lifecycle.update(id_, outs, agent_inputs(record=True))

        shown = sandbox.call("GET", f"/ext/agent/{id_}").json()
        assert {key: shown[key] for key in UNKNOWN} == UNKNOWN
        assert (shown["record"], outs["status"]) == (True, "verified")


def test_members_that_are_known_but_not_declared_survive_an_update(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        lifecycle = lifecycle_of(sandbox)
        id_, outs = lifecycle.create(agent_inputs())
        edited(sandbox, id_, email="desk@example.org", widget={"color": "#000000"})

        lifecycle.update(id_, outs, agent_inputs(record=True))

        shown = sandbox.call("GET", f"/ext/agent/{id_}").json()
        assert (shown["email"], shown["widget"]["color"]) == ("desk@example.org", "#000000")


def test_what_is_no_longer_declared_goes_back_to_its_default(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        lifecycle = lifecycle_of(sandbox)
        id_, outs = lifecycle.create(agent_inputs(email="desk@example.org"))

        lifecycle.update(id_, outs, agent_inputs())

        assert sandbox.call("GET", f"/ext/agent/{id_}").json()["email"] == ""


def test_where_the_api_refuses_what_it_showed_the_declaration_goes_alone(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, unknown_fields="reject") as sandbox:
        lifecycle = lifecycle_of(sandbox)
        id_, outs = lifecycle.create(agent_inputs())

        outs = lifecycle.update(id_, outs, agent_inputs(record=True))

        assert (sandbox.agents()[0]["record"], outs["status_reason"]) == (True, "")


@pytest.mark.parametrize("llm_secrets", ["hidden", "masked", "shown"])
def test_a_masked_url_or_token_is_neither_drift_nor_sent_back(tmp_path: Path, llm_secrets: str) -> None:
    with SandboxServer(tmp_path, llm_secrets=llm_secrets) as sandbox:
        lifecycle = lifecycle_of(sandbox)
        id_, outs = lifecycle.create(agent_inputs())
        assert lifecycle.read(id_, outs) == outs == AGENT.outputs(agent_inputs())

        lifecycle.update(id_, outs, agent_inputs(record=True))

        llm = sandbox.agents()[0]["avatars"][0]["config"]["llm"]
        assert (llm["url"], llm["token"]) == (agent_inputs()["llm_url"], agent_inputs()["llm_token"])

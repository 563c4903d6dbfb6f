"""Which placement of the LLM block is taken, which is shown, and what a read keeps to itself."""

from pathlib import Path
from typing import Any, Literal

import pytest

from tests.fixtures.sandbox_server import SandboxServer

LLM = {"provider": "custom", "model": "smollm2:135m", "url": "http://127.0.0.1:11434/v1", "token": "canary-token"}
Placement = Literal["nested", "flat"]
AVATARS: dict[Placement, dict[str, Any]] = {"nested": {"config": {"llm": LLM}}, "flat": {"llm": LLM}}


def agent_with(sandbox: SandboxServer, avatar: dict[str, Any]) -> dict[str, Any]:
    """Read back an agent with this avatar."""
    body = {"agent_name": "a", "agent_system_prompt": "", "config": {}, "avatars": [avatar]}
    created = sandbox.call("POST", "/ext/agent", body)
    assert created.status_code == 200
    agent: dict[str, Any] = sandbox.call("GET", f"/ext/agent/{created.json()['id']}").json()
    return agent


@pytest.mark.parametrize("placement", ["nested", "flat"])
def test_the_block_is_taken_from_and_shown_at_the_selected_place(tmp_path: Path, placement: Placement) -> None:
    with SandboxServer(tmp_path, placement=placement) as sandbox:
        avatar = agent_with(sandbox, AVATARS[placement])["avatars"][0]

    shown = avatar["config"] if placement == "nested" else avatar
    assert (shown["llm"]["provider"], shown["llm"]["model"]) == ("custom", "smollm2:135m")
    assert ("llm" in avatar, "config" in avatar) == ((False, True) if placement == "nested" else (True, False))


@pytest.mark.parametrize(("placement", "sent"), [("nested", "flat"), ("flat", "nested")])
def test_a_block_at_the_other_place_is_dropped_and_the_agent_stays_on_the_default_model(
    tmp_path: Path, placement: Placement, sent: Placement
) -> None:
    with SandboxServer(tmp_path, placement=placement) as sandbox:
        agent_with(sandbox, AVATARS[sent])

        stored = sandbox.agents()[0]["avatars"][0]["config"]["llm"]

    assert (stored["provider"], stored["model"]) == ("azure-openai", "gpt-5.4-mini")


def test_turn_settings_stand_beside_the_llm_block(sandbox: SandboxServer) -> None:
    avatar = agent_with(sandbox, {"turn_handling": "balanced", "config": {"interruptability": "low"}})["avatars"][0]

    assert (avatar["config"]["turn_handling"], avatar["config"]["interruptability"]) == ("proactive", "low")


def test_reads_hide_the_url_and_token_that_are_stored(sandbox: SandboxServer) -> None:
    llm = agent_with(sandbox, AVATARS["nested"])["avatars"][0]["config"]["llm"]

    assert {"url", "token"}.isdisjoint(llm)
    assert LLM.items() <= sandbox.agents()[0]["avatars"][0]["config"]["llm"].items()


def test_a_switch_shows_url_and_token(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, reveal_llm=True) as sandbox:
        llm = agent_with(sandbox, AVATARS["nested"])["avatars"][0]["config"]["llm"]

    assert LLM.items() <= llm.items()


def test_the_placement_can_be_turned_over_stored_agents(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        id_ = agent_with(sandbox, AVATARS["nested"])["id"]

    with SandboxServer(tmp_path, placement="flat") as sandbox:
        merged = sandbox.call("PATCH", f"/ext/agent/{id_}", {"record": False})
        avatar = sandbox.call("GET", f"/ext/agent/{id_}").json()["avatars"][0]
        stored = sandbox.agents()[0]["avatars"][0]["config"]["llm"]

    assert merged.status_code == 200
    assert avatar["llm"]["provider"] == "custom"
    assert LLM.items() <= stored.items()

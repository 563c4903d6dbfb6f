"""What `adopt` prints is a stack file, and what the settings make of it changes no agent."""

from pathlib import Path
from typing import Any

import yaml

from components.agent.adopted import adopted
from components.agent.kind import AGENT
from components.cli.adopted_stack import AdoptedStack
from tests.fixtures.adopting import made
from tests.fixtures.hand_made import ATTACHABLE, HAND_MADE, TOKEN, bodies
from tests.fixtures.sandbox_server import SandboxServer
from tests.settings.conftest import PROJECT, Load

LLM_URL = "https://llm.example.com/v1"


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    """A read, or the body of a PUT, without what belongs to one of them only: time and id, URL and token of the LLM."""
    return AGENT.replacement(document, {}, {})


def test_25_agents_made_by_hand_are_declared_as_they_are(load: Load, tmp_path: Path) -> None:
    with SandboxServer(tmp_path, reveal_llm=True) as sandbox:
        wanted = bodies(LLM_URL, ["m-1", "m-2"], dict.fromkeys(ATTACHABLE, "id-1"))
        documents = {one["id"]: one for one in (made(sandbox, body) for body in wanted)}
    stack = AdoptedStack(None)
    names = {stack.add(adopted(document)): id_ for id_, document in documents.items()}
    config = yaml.safe_load(stack.text(PROJECT, {"apiUrl": "https://api.trugen.ai/v1"}))["config"]
    sections = {key.removeprefix(f"{PROJECT}:"): section for key, section in config.items()}
    tokens = {name: TOKEN for name, llm in sections["llms"].items() if llm["engine"] == "hosted"}

    settings = load(sections, {"trugenApiKey": "tg-0123456789", "llmTokens": tokens})

    assert (len(settings.agents), settings.agents.keys()) == (HAND_MADE, names.keys())
    declared = {names[name]: agent.to_props() for name, agent in settings.agents.items()}
    assert [id_ for id_ in documents if AGENT.differences(documents[id_], declared[id_])] == []
    assert [
        id_
        for id_, document in documents.items()
        if _comparable(AGENT.replacement(document, {}, declared[id_])) != _comparable(document)
    ] == []

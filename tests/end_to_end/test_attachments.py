"""Attachments through the real CLI, the whole program and the sandbox; the model is a scripted one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fixtures.attachment_inputs import CANARIES, CANARY_HEADER, CANARY_PROMPT, CANARY_TEXT, CANARY_URL
from tests.fixtures.conforming import conforming
from tests.fixtures.scripted_llm import ScriptedLlm
from tests.fixtures.stored_stack import HostedDeployment

LISTS = {
    "knowledgeBases": "kbs",
    "tools": "tool",
    "mcpServers": "mcp",
    "guardrails": "guardrail",
    "templates": "templates",
}

LLM_TOKEN = "main-token-of-the-test"


class Attached(HostedDeployment):
    """One agent with one attachment of each kind, and a template."""

    def _config(self) -> dict[str, Any]:
        config = super()._config()
        plain = config["trugen-llm:agents"]["plain"]
        named = {"knowledgeBase": ["runbooks"], "tool": ["lookup"], "mcp": ["ops"], "guardrail": ["no-secrets"]}
        sections = {
            "agents": {"plain": {**plain, **named}},
            "llms": {"main": config["trugen-llm:llms"]["main"]},
            "knowledgeBases": {
                "runbooks": {
                    "name": "Runbooks",
                    "description": "For operations.",
                    "documents": {"handbook": {"file": "handbook.md"}, "hours": {"text": CANARY_TEXT}},
                }
            },
            "tools": {"lookup": {"name": "lookUp", "description": "Looks up.", "url": CANARY_URL}},
            "mcpServers": {"ops": {"name": "ops", "description": "Inventory.", "url": CANARY_URL, "retain": True}},
            "guardrails": {"no-secrets": {"name": "No secrets", "prompt": CANARY_PROMPT}},
            "templates": {
                "desk": {"templateName": "Desk", "templateSystemPrompt": CANARY_PROMPT, "guardrail": ["no-secrets"]}
            },
        }
        return {**config, **{f"trugen-llm:{key}": value for key, value in sections.items()}}

    def store(self, path: str, secret: str) -> None:
        assert self.pulumi("config", "set", "--secret", "--path", path, secret).status == 0

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Somebody else with the workspace's key, at `/ext/<path>`."""
        sandbox = self.outputs()["sandbox"]
        headers = {"x-api-key": sandbox["api_key"]}
        answer = requests.request(method, f"{sandbox['api_url']}/ext/{path}", headers=headers, timeout=10, **options)
        answer.raise_for_status()
        return answer

    def held(self, path: str) -> list[dict[str, Any]]:
        """What the sandbox lists at `/ext/<path>`."""
        listed: list[dict[str, Any]] = self.call("GET", path).json()
        return listed

    def documents(self) -> list[str]:
        (base,) = self.held("kbs")
        return sorted(document["name"].split(".")[0] for document in base["documents"])


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[Attached]:
    with ScriptedLlm([conforming(LLM_TOKEN)]) as llm:
        made = Attached(tmp_path / "project", int(llm.root_url.rpartition(":")[2]))
        (made.folder / "handbook.md").write_text("The first edition.")
        made.store("llmTokens.main", LLM_TOKEN)
        made.store("secretHeaders.tools.lookup.Authorization", f"Bearer {CANARY_HEADER}")
        yield made
        result = made.destroy()
        assert result.status == 0, result.printed


def ids(attachments: dict[str, Any]) -> dict[str, str]:
    return {name: one["id"] for section in attachments.values() for name, one in section.items()}


def test_attachments_are_made_before_their_agent_and_need_no_second_run(attached: Attached) -> None:
    planned = attached.pulumi("preview")
    assert planned.status == 0, planned.printed

    made = ids(attached.deployed()["attachments"])

    (agent,) = attached.held("agent")
    shown = {key: agent[key][0]["id"] for key in ("knowledge_base", "tool", "mcp", "guardrail")}
    assert shown == {
        "knowledge_base": made["runbooks"],
        "tool": made["lookup"],
        "mcp": made["ops"],
        "guardrail": made["no-secrets"],
    }
    assert attached.held("templates")[0]["guardrail"][0]["id"] == made["no-secrets"]
    assert attached.held("tool")[0]["request_config"]["headers"] == {"Authorization": f"Bearer {CANARY_HEADER}"}
    again = attached.up("--expect-no-changes")
    assert again.status == 0, again.printed
    assert [
        canary for canary in CANARIES if canary in attached.exported_state() + planned.printed + again.printed
    ] == []


def test_a_changed_file_brings_its_document_anew_and_an_edit_elsewhere_is_healed(attached: Attached) -> None:
    before = ids(attached.deployed()["attachments"])
    handbook, hours = sorted(attached.held("kbs")[0]["documents"], key=lambda one: str(one["name"]))
    (attached.folder / "handbook.md").write_text("The second edition.")
    attached.call("DELETE", f"kb/doc/{hours['id']}")
    attached.call("POST", f"kb/{before['runbooks']}/doc", files={"input": ("minutes.pdf", b"%PDF")})

    after = ids(attached.deployed()["attachments"])

    assert (after, attached.documents()) == (before, ["handbook", "hours", "minutes"])
    assert handbook["name"] not in [one["name"] for one in attached.held("kbs")[0]["documents"]]
    assert attached.up("--expect-no-changes").status == 0


def test_what_leaves_the_stack_is_detached_first_and_deleted_then(attached: Attached) -> None:
    attached.deployed()
    for key in ("tool", "mcp"):
        attached.change(f"agents.plain.{key}", None)
    for section in ("tools", "mcpServers", "secretHeaders"):
        attached.change(section, None)

    result = attached.up("--skip-preview")

    assert result.status == 0, result.printed
    assert result.printed.index("Agent plain updated") < result.printed.index("Tool lookup deleting")
    (agent,) = attached.held("agent")
    assert (agent["tool"], agent["mcp"], attached.held("tool")) == (None, None, [])
    assert len(attached.held("mcp")) == 1  # `retain: true`


def test_an_emptied_stack_leaves_an_empty_workspace(attached: Attached) -> None:
    attached.deployed()
    attached.change("mcpServers.ops.retain", None)
    attached.deployed()
    attached.change("agents", {})
    for section in (*LISTS, "secretHeaders"):
        attached.change(section, None)

    attached.deployed()

    assert [attached.held(path) for path in ("agent", *LISTS.values())] == [[]] * 6

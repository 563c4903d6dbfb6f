"""Attachments in the graph: before the agents that refer to them, after them on the way out."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.program.conftest import Program, is_secret, stack_file

Run = Callable[..., Program]
KINDS = ["Guardrail", "KnowledgeBase", "McpServer", "Template", "Tool"]


def config(**agent: Any) -> dict[str, Any]:
    """The local stack with one attachment of each kind; *agent* are more members of its agent."""
    loaded: dict[str, Any] = stack_file("local")["config"]
    loaded["trugen-llm:agents"]["concierge"].update(agent)
    declared = {
        "knowledgeBases": {
            "runbooks": {"name": "Runbooks", "description": "d", "documents": {"hours": {"text": "canary"}}}
        },
        "tools": {"lookup": {"name": "lookUp", "description": "d", "url": "https://ops.example.org/x"}},
        "mcpServers": {
            "ops": {"name": "ops", "description": "d", "url": "https://mcp.example.org/mcp", "retain": True}
        },
        "guardrails": {"no-secrets": {"name": "No secrets", "prompt": "p"}},
        "templates": {
            "desk": {
                "templateName": "Desk",
                "templateSystemPrompt": "p",
                "knowledgeBase": ["runbooks"],
                "guardrail": ["no-secrets"],
            }
        },
    }
    return {**loaded, **{f"trugen-llm:{key}": value for key, value in declared.items()}}


@pytest.fixture
def attached(run: Run) -> Program:
    named = {"knowledgeBase": ["runbooks", "kb-1"], "tool": ["lookup"], "mcp": ["ops"], "guardrail": ["no-secrets"]}
    return run(config(**named), {"secretHeaders": {"tools": {"lookup": {"Authorization": "Bearer canary"}}}})


def test_an_agent_gets_the_ids_of_what_it_names_and_waits_for_it(attached: Program) -> None:
    agent = attached.only("Agent")

    assert {key: agent.inputs[key] for key in ("knowledge_base", "tool", "mcp", "guardrail")} == {
        "knowledge_base": ["runbooks-id", "kb-1"],
        "tool": ["lookup-id"],
        "mcp": ["ops-id"],
        "guardrail": ["no-secrets-id"],
    }
    assert agent.input_dependencies["tool"] == {attached.only("Tool").urn}
    assert agent.input_dependencies["knowledge_base"] == {attached.only("KnowledgeBase").urn}


def test_a_template_waits_for_what_it_names(attached: Program) -> None:
    template = attached.only("Template")

    assert template.inputs["guardrail"] == ["no-secrets-id"]
    assert template.input_dependencies["guardrail"] == {attached.only("Guardrail").urn}


def test_one_resource_fails_the_run_for_all_of_them(attached: Program) -> None:
    verified = attached.only("AllVerified")

    assert verified.input_dependencies["unverified"] == {attached.only(kind).urn for kind in KINDS}


def test_it_is_told_of_each_that_is_not_as_declared(attached: Program) -> None:
    """The mocks answer no status, which is as bad as a wrong one."""
    assert attached.only("AllVerified").inputs["unverified"] == {
        "knowledgeBases.runbooks": "runbooks-id: its status is unknown",
        "tools.lookup": "lookup-id: its status is unknown",
        "mcpServers.ops": "ops-id: its status is unknown",
        "guardrails.no-secrets": "no-secrets-id: its status is unknown",
        "templates.desk": "desk-id: its status is unknown",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_attachment_uses_the_workspace_of_the_agents(attached: Program, kind: str) -> None:
    assert attached.only(kind).options.provider.split("::")[3] == "trugen"


def test_no_two_attachments_have_one_marker_though_they_may_have_one_name(run: Run) -> None:
    loaded = config()
    loaded["trugen-llm:templates"]["desk"].update(knowledgeBase=[], guardrail=[])
    for section in ("tools", "mcpServers", "guardrails", "knowledgeBases", "templates"):
        (entry,) = loaded[f"trugen-llm:{section}"].values()
        loaded[f"trugen-llm:{section}"] = {"same": entry}

    program = run(loaded)

    assert len({program.only(kind).inputs["marker"] for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("Tool", ["url", "headers"]),
        ("McpServer", ["url", "headers"]),
        ("Guardrail", ["prompt"]),
        ("Template", ["template_system_prompt"]),
        ("KnowledgeBase", ["documents"]),
    ],
)
def test_what_may_hold_a_secret_is_marked_so(attached: Program, kind: str, keys: list[str]) -> None:
    assert [is_secret(attached.only(kind), key) for key in keys] == [True] * len(keys)


def test_headers_that_are_stored_encrypted_reach_their_tool(attached: Program) -> None:
    assert attached.only("Tool").inputs["headers"]["value"] == {"Authorization": "Bearer canary"}


def test_a_document_is_known_by_the_hash_of_its_content(attached: Program) -> None:
    documents = attached.only("KnowledgeBase").inputs["documents"]["value"]

    assert documents == {"hours": {"text": "canary", "sha256": hashlib.sha256(b"canary").hexdigest()}}


def test_an_attachment_that_is_to_be_retained_stays_when_the_stack_goes(attached: Program) -> None:
    assert [attached.only(kind).options.retainOnDelete for kind in KINDS] == [False, False, True, False, False]


def test_their_ids_are_outputs(attached: Program) -> None:
    assert set(attached.exports["attachments"]) == {"guardrails", "knowledgeBases", "mcpServers", "templates", "tools"}


def test_a_stack_without_attachments_has_no_resource_and_no_output_of_them(local: Program) -> None:
    assert [kind for kind in [*KINDS, "AllVerified"] if local.all(kind)] == []
    assert "attachments" not in local.exports


def test_an_agent_that_names_ids_only_has_the_inputs_it_always_had(run: Run) -> None:
    agent = run(config(tool=["t-1"])).only("Agent")

    assert (agent.inputs["tool"], agent.input_dependencies.get("tool", frozenset())) == (["t-1"], frozenset())

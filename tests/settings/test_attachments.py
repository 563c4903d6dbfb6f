"""Attachments in a stack file: optional sections, references by name, secrets that stand elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
TOOL = {"name": "lookUp", "description": "Looks up.", "url": "http://127.0.0.1:9000/"}


def test_a_stack_without_attachments_has_none(load: Load, stack: Stack) -> None:
    settings = load(stack)

    assert (settings.tools, settings.knowledge_bases, settings.secret_headers) == ({}, {}, {})


def test_a_tool_needs_little(load: Load, stack: Stack) -> None:
    stack["tools"] = {"lookup": TOOL}

    tool = load(stack).tools["lookup"]

    assert (tool.type, tool.method, tool.parameters) == ("tool.api", "GET", {"type": "object", "properties": {}})


def test_beside_a_sandbox_urls_of_this_machine_are_fine(load: Load, stack: Stack) -> None:
    stack["mcpServers"] = {"ops": {"name": "ops", "description": "d", "url": "http://127.0.0.1:9000/mcp"}}

    assert load(stack).mcp_servers["ops"].url == "http://127.0.0.1:9000/mcp"


def test_names_and_ids_may_stand_in_one_list(load: Load, stack: Stack) -> None:
    stack["tools"] = {"lookup": TOOL}
    stack["agents"]["ada"]["tool"] = ["lookup", "9c2e7a10-4b6f-4d2e-8c11-7e0f3a1b6666", "tool_7f"]

    assert load(stack).agents["ada"].tool == ("lookup", "9c2e7a10-4b6f-4d2e-8c11-7e0f3a1b6666", "tool_7f")


def test_an_id_without_any_entry_beside_it_is_an_id(load: Load, stack: Stack) -> None:
    stack["agents"]["ada"]["tool"] = ["anything-goes"]

    assert load(stack).agents["ada"].tool == ("anything-goes",)


def test_headers_with_credentials_are_stored_encrypted(load: Load, stack: Stack) -> None:
    stack["tools"] = {"lookup": {**TOOL, "headers": {"Accept": "application/json"}}}

    settings = load(stack, {"secretHeaders": {"tools": {"lookup": {"Authorization": "Bearer canary-9"}}}})

    assert settings.headers_of("tools", "lookup") == {"Authorization": "Bearer canary-9"}
    assert settings.headers_of("mcpServers", "lookup") == {}
    assert "canary-9" not in repr(settings)


def test_secret_headers_in_plain_text_count_as_disclosed(problems: Problems, stack: Stack) -> None:
    stack["tools"] = {"lookup": TOOL}

    (problem,) = problems(stack, secretHeaders='{"tools": {"lookup": {"Authorization": "Bearer canary-9"}}}')

    assert "`pulumi config set --secret --path secretHeaders.tools.<name of the tool>.<header>`" in problem
    assert "canary-9" not in problem


def test_a_header_in_both_places_is_one_too_many(problems: Problems, stack: Stack) -> None:
    stack["tools"] = {"lookup": {**TOOL, "headers": {"x-trace": "on"}}}

    assert problems(stack, {"secretHeaders": {"tools": {"lookup": {"X-Trace": "off"}}}}) == [
        "secretHeaders.tools.lookup: 'x-trace' stands in the headers of 'tools.lookup' too; keep one"
    ]


def test_two_functions_of_one_name_are_refused_for_the_agent_that_has_both(problems: Problems, stack: Stack) -> None:
    stack["tools"] = {"here": TOOL, "there": {**TOOL, "url": "http://127.0.0.1:9001/"}}
    stack["agents"]["ada"]["tool"] = ["here", "there"]

    assert problems(stack) == [
        "agents.ada.tool: 'here' and 'there' are one function to the model, 'lookUp'; rename one"
    ]


def test_exact_names_must_differ_within_a_section(problems: Problems, stack: Stack) -> None:
    guardrail = {"name": "No secrets", "prompt": "p", "exactName": True}
    stack["guardrails"] = {"one": guardrail, "two": guardrail, "three": {**guardrail, "exactName": False}}

    assert problems(stack) == ["guardrails.two.name: is also that of 'guardrails.one'; with `exactName` it must differ"]


@pytest.mark.parametrize(
    ("section", "entry", "key"),
    [
        ("guardrails", {"name": "No secrets"}, "prompt"),
        ("templates", {"templateName": "Desk"}, "templateSystemPrompt"),
    ],
)
def test_a_prompt_may_stand_in_a_file(load: Load, stack: Stack, section: str, entry: dict[str, Any], key: str) -> None:
    stack[section] = {"one": {**entry, f"{key}File": "stacks/agents/concierge.md"}}

    (read,) = getattr(load(stack), section).values()

    written = (Path(__file__).parents[2] / "stacks/agents/concierge.md").read_text()
    assert written in (getattr(read, "prompt", ""), getattr(read, "template_system_prompt", ""))


def test_documents_are_files_of_the_project_or_texts(load: Load, stack: Stack) -> None:
    stack["knowledgeBases"] = {
        "runbooks": {
            "name": "Runbooks",
            "description": "d",
            "documents": {"readme": {"file": "README.md"}, "hours": {"text": "Nine to five."}},
        }
    }

    documents = load(stack).knowledge_bases["runbooks"].documents

    assert (documents["readme"].file, documents["hours"].text) == ("README.md", "Nine to five.")

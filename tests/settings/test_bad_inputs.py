"""The table of bad inputs: each is refused with one sentence at the right key, before anything is made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
SECRETS = {"trugenApiKey": "tg-0123456789", "llmTokens": {"main": "sk-0123456789abcdef0123456789abcdef"}}
ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_inputs.yaml").read_text(encoding="utf-8"))
CANARIES = ("canary", "CANARY", "12345678")


@pytest.fixture
def full_stack(cloud_stack: Stack) -> Stack:
    """On the real TruGen, with one attachment of each kind."""
    return {
        **cloud_stack,
        "knowledgeBases": {"runbooks": {"name": "Runbooks", "description": "For operations."}},
        "tools": {"lookup": {"name": "lookUp", "description": "Looks up.", "url": "https://ops.example.com/"}},
        "mcpServers": {"ops": {"name": "ops", "description": "Inventory.", "url": "https://mcp.example.com/mcp"}},
        "guardrails": {"no-secrets": {"name": "No secrets", "prompt": "Trigger on secrets."}},
        "templates": {"desk": {"templateName": "Desk", "templateSystemPrompt": "Be brief."}},
    }


def put(stack: Stack, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        stack = stack.setdefault(step, {})
    stack[last] = value


def test_the_stack_that_the_rows_change_is_good(load: Load, full_stack: Stack) -> None:
    assert load(full_stack, SECRETS).tools["lookup"].name == "lookUp"


@pytest.mark.parametrize("row", ROWS, ids=[f"{number} {row['at']}" for number, row in enumerate(ROWS, start=1)])
def test_a_bad_input_is_refused_in_one_sentence(problems: Problems, full_stack: Stack, row: dict[str, Any]) -> None:
    secrets: dict[str, Any] = {**SECRETS, **row.get("secrets", {})}
    value = "x" * row["times"] if "times" in row else row["value"]
    put(secrets if row["at"].startswith("secretHeaders") else full_stack, row["at"], value)

    assert problems(full_stack, secrets) == [f"{row.get('path', row['at'])}: {row['says']}"]


def test_no_sentence_repeats_a_secret() -> None:
    assert [row["says"] for row in ROWS for canary in CANARIES if canary in row["says"]] == []


def test_the_table_has_agents_llms_and_every_kind_of_attachment() -> None:
    sections = [row["at"].split(".")[0] for row in ROWS]

    assert {"agents", "llms", "tools", "mcpServers", "guardrails", "templates", "knowledgeBases"} <= set(sections)
    assert len(ROWS) >= 60

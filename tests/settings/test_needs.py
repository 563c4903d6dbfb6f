"""What the agents of an LLM ask of it, as the stack file says it."""

from typing import Any

import pytest

from components.llm.gate.needs import Needs
from components.stack.needs import needs_of
from tests.settings.conftest import Load, Stack


def needs(load: Load, stack: Stack) -> Needs:
    return needs_of(load(stack).agents.values())


def test_an_llm_without_agents_is_asked_for_nothing() -> None:
    assert needs_of([]) == Needs()


def test_an_agent_that_only_talks_asks_for_neither_tools_nor_vision(load: Load, stack: Stack) -> None:
    asked = needs(load, stack)

    assert (asked.tools, asked.vision) == (False, False)


@pytest.mark.parametrize("attached", ["tool", "mcp", "guardrail"])
def test_whatever_reaches_the_model_as_a_function_asks_for_tools(load: Load, stack: Stack, attached: str) -> None:
    stack["agents"]["ada"][attached] = ["an-id-of-trugen"]

    assert needs(load, stack).tools


def test_an_agent_that_sees_asks_for_vision(load: Load, stack: Stack) -> None:
    stack["agents"]["ada"]["vision"] = {"sceneAnalyzerPrompt": {}}

    assert needs(load, stack).vision


@pytest.mark.parametrize(
    ("prompts", "asked_bytes"),
    [
        ({"personaPrompt": "x" * 256}, 256),
        ({"personaPrompt": "x" * 257}, 512),
        ({"personaPrompt": "é" * 129}, 512),
        ({"agentSystemPrompt": "x" * 600}, 768),
    ],
    ids=["a whole step", "one byte more", "bytes and not characters", "the longer of two prompts"],
)
def test_the_longest_prompt_is_rounded_up_to_a_step(
    load: Load, stack: Stack, prompts: dict[str, Any], asked_bytes: int
) -> None:
    stack["agents"]["ada"] |= prompts

    assert needs(load, stack).system_prompt_bytes == asked_bytes


def test_several_agents_ask_for_all_that_any_of_them_needs(load: Load, stack: Stack) -> None:
    ada = stack["agents"]["ada"]
    stack["agents"]["bob"] = {**ada, "agentName": "Bob", "personaPrompt": "x" * 1000, "tool": ["an-id-of-trugen"]}

    assert needs(load, stack) == Needs(tools=True, vision=False, system_prompt_bytes=1024)

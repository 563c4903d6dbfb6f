"""What the program asks of Pulumi for a protected stack, and when it refuses to run."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from tests.program.conftest import Program

Run = Callable[..., Program]
KEY = {"trugenApiKey": "tg-0123456789"}
PROTECTED = {"protect": True, "maxDeletes": 0}
KINDS = ("Agent", "KnowledgeBase", "Tool", "McpServer", "Guardrail", "Template")
# What the stack below makes.
MADE = ["Agent::ada", "KnowledgeBase::kb", "Tool::t", "McpServer::m", "Guardrail::g", "Template::d", "AgentVerified::x"]


def stack(protection: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One agent and one attachment of each kind; *more* are further members of each entry."""
    url = {"name": "n", "description": "d", "url": "https://ops.example.org/x"}
    sections = {
        "agents": {"ada": {"llm": "fast", "agentName": "Ada", "personaPrompt": "p"}},
        "knowledgeBases": {"kb": {"name": "n", "description": "d"}},
        "tools": {"t": url},
        "mcpServers": {"m": url},
        "guardrails": {"g": {"name": "n", "prompt": "p"}},
        "templates": {"d": {"templateName": "n", "templateSystemPrompt": "p"}},
    }
    named = {key: {name: one | more for name, one in entries.items()} for key, entries in sections.items()}
    return {
        "trugen-llm:llms": {"fast": {"engine": "trugen", "provider": "groq", "model": "openai/gpt-oss-120b"}},
        "trugen-llm:trugen": {"apiUrl": "https://api.trugen.ai/v1"},
        **{f"trugen-llm:{key}": entries for key, entries in named.items()},
        **({"trugen-llm:protection": protection} if protection else {}),
    }


def protected(program: Program) -> dict[str, bool]:
    return {kind: program.only(kind).options.protect for kind in KINDS}


def test_a_protected_stack_protects_its_agents_and_attachments(run: Run) -> None:
    assert protected(run(stack({"protect": True}), KEY)) == dict.fromkeys(KINDS, True)


def test_what_can_be_made_again_at_any_time_is_not_protected(run: Run) -> None:
    program = run(stack({"protect": True}), KEY)

    assert {one.type.rpartition(":")[2] for one in program.resources if one.options.protect} == set(KINDS)


@pytest.mark.parametrize(("of_the_stack", "of_the_entry"), [(True, False), (False, True), (False, None)])
def test_an_entry_overrides_the_stack(run: Run, of_the_stack: bool, of_the_entry: bool | None) -> None:  # noqa: FBT001 - parametrized
    program = run(stack({"protect": of_the_stack}, protect=of_the_entry), KEY)

    assert protected(program) == dict.fromkeys(KINDS, bool(of_the_entry))


def test_an_agent_that_stays_in_trugen_may_be_protected_as_well(run: Run) -> None:
    options = run(stack({"protect": True}, retain=True), KEY).only("Agent").options

    assert (options.protect, options.retainOnDelete) == (True, True)


def test_a_stack_without_a_limit_is_not_asked_what_it_made(run: Run) -> None:
    """`recorded` is not given, so that a question fails the test."""
    assert run(stack({"protect": True}), KEY).only("Agent").name == "ada"


@pytest.mark.parametrize("recorded", [[], MADE], ids=["first run", "every later one"])
def test_a_run_that_loses_nothing_goes_on(run: Run, recorded: list[str]) -> None:
    assert run(stack(PROTECTED), KEY, recorded=recorded).only("Agent").name == "ada"


def test_a_run_that_would_lose_more_than_the_limit_registers_nothing(run: Run) -> None:
    program = Program()
    with pytest.raises(
        pulumi.RunError, match=r"(?s)2 of 8 agents .* `protection.maxDeletes` is 1; nothing was created"
    ):
        run(stack({"maxDeletes": 1}), KEY, recorded=[*MADE, "Agent::bo", "Tool::old"], program=program)

    assert (program.resources, program.exports) == ([], {})


def test_a_run_may_lose_as_many_as_the_limit_says(run: Run) -> None:
    program = run(stack({"maxDeletes": 2}), KEY, recorded=[*MADE, "Agent::bo", "Tool::old"])

    assert [one.name for one in program.all("Agent")] == ["ada"]


def test_a_renamed_entry_counts_as_one_that_leaves(run: Run) -> None:
    with pytest.raises(pulumi.RunError, match=r"(?m)^  agents\.eva$"):
        run(stack(PROTECTED), KEY, recorded=["Agent::eva"])


def test_a_tool_does_not_stand_in_for_a_guardrail_of_its_name(run: Run) -> None:
    with pytest.raises(pulumi.RunError, match=r"(?m)^  guardrails\.t$"):
        run(stack(PROTECTED), KEY, recorded=["Guardrail::t"])


def test_a_state_that_cannot_be_read_stops_a_run_that_has_a_limit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Exception("invoke failed: no such bucket")  # noqa: TRY002 - what the SDK raises

    monkeypatch.setattr(pulumi.runtime, "invoke", fail)

    with pytest.raises(
        pulumi.RunError, match=r"(?s)cannot be read: invoke failed: no such bucket.*Nothing was created"
    ):
        run(stack(PROTECTED), KEY)

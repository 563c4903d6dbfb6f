"""The whole document against the sandbox, which was written from the contract by other hands and shares no model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
import yaml

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle, diff
from components.agent.places import PLACES
from components.lifecycle.roster import Roster
from components.trugen.client import TrugenClient
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.sandbox_server import SandboxServer

CONTRACT = Path(__file__).parents[2] / "docs" / "contract" / "trugen-openapi.yaml"

EVERYTHING: dict[str, Any] = {
    "agent_name": "Zoë's helpdesk",
    "avatar_key_id": "1e4ea106",
    "is_custom": True,
    "persona_name": "Zoë",
    "persona_prompt": "You are the helpdesk.\nAnswer in one sentence.",
    "agent_system_prompt": "You are the helpdesk of the staging cluster.",
    "default_system_prompt": False,
    "conversational_context": "The caller waits in a queue.",
    "timeout_s": 90,
    "record": True,
    "is_active": False,
    "is_public": False,
    "email": "helpdesk",
    "llm_fallback_provider": "groq",
    "llm_fallback_model": "openai/gpt-oss-120b",
    "use_nltk": True,
    "stt": {"language": "de", "minEndpointingDelayS": 0.25, "allowInterimResultsInterruption": False},
    "tts": {"modelId": "eleven_turbo_v2", "stability": 1, "customPronunciation": [{"word": "a", "pronunciation": "b"}]},
    "turn_detector": False,
    "turn_handling": "deliberate",
    "interruptability": "low",
    "welcome_message": {"messages": ["Hi!"], "waitS": 2},
    "idle_timeout": {"idleS": 20, "fillerPhrases": ["Still there?"]},
    "exit_heads_up_message": {"messages": ["Soon over."], "calloutBeforeS": 15},
    "warning_exit_message": {"messages": ["Soon over."]},
    "exit_message": {"messages": ["Goodbye."]},
    "toggles": {"exitHeadsUp": False},
    "memory": {"isEnabled": True, "instruction": "Remember the name.", "memoryCategories": ["people"]},
    "memory_categories": ["places"],
    "callback_url": "https://hooks.example.org/trugen?secret=1",
    "callback_events": ["call_ended", "participant_left"],
    "knowledge_base": ["kb-2", "kb-1"],
    "tool": ["t-1"],
    "mcp": ["m-1"],
    "guardrail": ["g-1"],
    "visual_presentations": ["p-1"],
    "integration": [{"name": "calendar"}],
    "add_on": [{"name": "notes"}],
    "widget": {"color": "#000000", "allowedDomains": ["https://example.org"], "allowedDomainsEnabled": True},
    "rendering": {"frameRate": 30},
    "vision": {"sceneAnalyzerPrompt": {"task_prompt": "Look."}},
}


@pytest.fixture(params=[("nested", False), ("flat", False), ("nested", True)], ids=["nested", "flat", "shows url"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxServer]:
    placement, reveal_llm = request.param
    with SandboxServer(tmp_path, placement=placement, reveal_llm=reveal_llm) as sandbox:
        yield sandbox


@pytest.fixture
def declare(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Inputs in the placement that the sandbox takes."""
    placement: Literal["nested", "flat"] = request.node.callspec.params["sandbox"][0]
    return lambda **declared: agent_inputs(placement=placement, **declared)


@pytest.fixture
def lifecycle(sandbox: SandboxServer) -> AgentLifecycle:
    clock = FakeClock()
    client = TrugenClient(sandbox.api_url, sandbox.api_key, clock=clock, sleep=clock.sleep)
    return AgentLifecycle(client, roster=Roster(), sleep=clock.sleep)


@pytest.mark.parametrize("declared", [{}, EVERYTHING], ids=["defaults", "every field"])
def test_what_was_declared_is_verified_reads_back_unchanged_and_needs_no_update(
    lifecycle: AgentLifecycle, declare: Callable[..., dict[str, Any]], declared: dict[str, Any]
) -> None:
    inputs = declare(**declared)

    id_, outs = lifecycle.create(inputs)

    assert (outs, lifecycle.read(id_, outs), diff(id_, outs, inputs).changed) == (
        AGENT.outputs(inputs),
        AGENT.outputs(inputs),
        [],
    )


def test_every_field_can_be_set_and_taken_back_by_updates(
    lifecycle: AgentLifecycle, sandbox: SandboxServer, declare: Callable[..., dict[str, Any]]
) -> None:
    id_, outs = lifecycle.create(declare())
    before = sandbox.agents()[0]

    for declared in (EVERYTHING, {}):
        outs = lifecycle.update(id_, outs, declare(**declared))
        assert outs["status_reason"] == ""

    after = {**sandbox.agents()[0], "updated_at": before["updated_at"]}
    assert after == before


def test_the_placement_that_the_sandbox_does_not_take_is_found_out(
    lifecycle: AgentLifecycle, request: pytest.FixtureRequest
) -> None:
    other = "flat" if request.node.callspec.params["sandbox"][0] == "nested" else "nested"

    _, outs = lifecycle.create(agent_inputs(placement=other))

    assert (outs["status"], "llm_provider is 'azure-openai'" in outs["status_reason"]) == ("unverified", True)


def test_the_example_declares_every_field_there_is() -> None:
    fixed = {"llm_provider", "llm_url", "llm_model", "llm_token", "type", "webcam", "screen"}

    assert PLACES.keys() - EVERYTHING.keys() == fixed


@pytest.mark.parametrize("placement", ["nested", "flat", "both"])
@pytest.mark.parametrize("declared", [{}, EVERYTHING], ids=["defaults", "every field"])
def test_the_body_satisfies_the_contract(declared: dict[str, Any], placement: str) -> None:
    contract = yaml.safe_load(CONTRACT.read_text())
    schema = {"$ref": "#/components/schemas/AgentCreate", "components": contract["components"]}

    jsonschema.validate(AGENT.body(agent_inputs(placement=placement, **declared)), schema)

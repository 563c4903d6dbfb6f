"""What a program registers with the engine; the verbs never run under mocks."""

import asyncio
from typing import Any

import pulumi
import pytest

from components.agent.document import AgentDocument
from components.agent.inputs import INPUTS, SECRET_INPUTS
from components.agent.resource import AgentVerified, TrugenAgent, TrugenAgentArgs
from components.lifecycle.identity import marker
from tests.fixtures.agent_inputs import CANARY_PROMPT, CANARY_TOKEN


class Registrations(pulumi.runtime.Mocks):
    """Everything a program registered, and which of the inputs were secret."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.types: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.types.append(args.typ)
        self.inputs[args.name] = args.inputs
        return "a1", {**args.inputs, "status": "verified", "status_reason": ""}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"an agent calls no function, but {args.token} was called")


class StackAgent(AgentDocument):
    """As a stack's settings extend the document."""

    llm: str


@pytest.fixture
def registered() -> Registrations:
    registrations = Registrations()
    pulumi.runtime.set_mocks(registrations, project="trugen-llm", stack="local")
    document = StackAgent(agent_name="Helpdesk", persona_prompt=CANARY_PROMPT, llm="smol")
    args = TrugenAgentArgs(document, "http://127.0.0.1:11434/v1", "smollm2:135m", CANARY_TOKEN)

    async def program() -> None:
        agent = TrugenAgent("helpdesk", args)
        AgentVerified("helpdesk-verified", agent)
        registrations.inputs["embed"] = {"url": await agent.embed_url.future()}
        registrations.inputs["secret"] = {
            key: await getattr(agent, key).is_secret() for key in SECRET_INPUTS if hasattr(agent, key)
        }
        await pulumi.runtime.stack.wait_for_rpcs()

    # The loop that the SDK made on import; its outputs are bound to it.
    asyncio.get_event_loop_policy().get_event_loop().run_until_complete(program())
    return registrations


def test_the_type_tokens_are_those_of_stored_states(registered: Registrations) -> None:
    assert registered.types == [
        "pulumi-python:dynamic/trugen:Agent",
        "pulumi-python:dynamic/trugen:AgentVerified",
    ]


def test_the_inputs_are_those_that_the_provider_knows(registered: Registrations) -> None:
    """A field of the settings' own, like `llm`, stays behind."""
    assert registered.inputs["helpdesk"].keys() - INPUTS == {"__provider"}


def test_the_marker_comes_from_project_stack_and_name(registered: Registrations) -> None:
    assert registered.inputs["helpdesk"]["marker"] == marker("trugen-llm", "local", "helpdesk")


def test_progress_goes_to_the_agents_own_row(registered: Registrations) -> None:
    urn = "urn:pulumi:local::trugen-llm::pulumi-python:dynamic/trugen:Agent::helpdesk"

    assert registered.inputs["helpdesk"]["progress_urn"] == urn


def test_every_input_that_may_hold_a_token_or_prompt_is_secret(registered: Registrations) -> None:
    secret = registered.inputs["secret"]

    assert ({"llm_token", "persona_prompt", "memory"} <= secret.keys(), set(secret.values())) == (True, {True})


def test_the_second_resource_waits_for_the_verdict_on_the_agent(registered: Registrations) -> None:
    watched = {key: registered.inputs["helpdesk-verified"][key] for key in ("agent_id", "status", "status_reason")}

    assert watched == {"agent_id": "a1", "status": "verified", "status_reason": ""}


def test_the_embed_link_names_the_agent(registered: Registrations) -> None:
    assert registered.inputs["embed"]["url"] == "https://app.trugen.ai/embed/a1"

"""The agent as a kind of object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.agent.drift_policy import policy
from components.agent.inputs import INPUTS, NOT_COMPARED, SECRET_INPUTS, checked
from components.agent.places import PLACES, UNORDERED, spelled
from components.lifecycle.kind import Inputs, Kind
from components.lifecycle.values import ABSENT, member
from components.trugen.calls import AGENT_CALLS


def _llm_not_shown(document: Mapping[str, Any]) -> list[str]:
    """Without a provider in either placement the agent talks through TruGen's default model."""
    shown = [member(document, steps) for steps in spelled("runtime.llm.provider", "both")]
    return ["llm_provider"] if all(value is ABSENT for value in shown) else []


def _try_the_other_placement(different: list[str], inputs: Inputs) -> str:
    if "llm_provider" not in different:
        return ""
    other = "flat" if inputs.get("placement") == "nested" else "nested"
    return f" (the LLM block was not taken where it was sent: try `placement: {other}`)"


def _token(inputs: Inputs) -> list[str]:
    return [str(inputs["llm_token"])] if inputs.get("llm_token") else []


AGENT = Kind(
    noun="agent",
    calls=AGENT_CALLS,
    places=PLACES,
    inputs=INPUTS,
    secrets=SECRET_INPUTS,
    label="agent_name",
    exact_label="agent_name",
    check=checked,
    adopt="adopt_agent_id",
    not_compared=NOT_COMPARED,
    # `systemPrompt` appears on a read only (docs/contract, AgentConfigRead).
    server_members=("id", "created_at", "updated_at", "config.systemPrompt"),
    unordered=UNORDERED,
    indexed=frozenset({"avatars"}),
    spell=spelled,
    missing=_llm_not_shown,
    hint=_try_the_other_placement,
    policy=policy,
    credentials=_token,
)

"""What becomes of an input that was edited outside of the stack, by group: `onDrift` of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from components.agent.parts import Part

Policy = Literal["overwrite", "keep", "fail"]

GROUPS: dict[str, tuple[str, ...]] = {
    "name": ("agent_name", "marker"),
    "prompts": (
        "persona_name",
        "persona_prompt",
        "agent_system_prompt",
        "default_system_prompt",
        "conversational_context",
    ),
    "llm": ("llm_provider", "llm_model", "llm_url", "llm_fallback_provider", "llm_fallback_model", "use_nltk"),
    "speech": ("stt", "tts", "turn_detector", "turn_handling", "interruptability"),
    "appearance": ("avatar_key_id", "is_custom", "webcam", "screen", "widget", "rendering", "vision"),
    "messages": (
        "welcome_message",
        "idle_timeout",
        "exit_heads_up_message",
        "warning_exit_message",
        "exit_message",
        "toggles",
    ),
    "attachments": (
        "knowledge_base",
        "tool",
        "mcp",
        "guardrail",
        "visual_presentations",
        "integration",
        "add_on",
    ),
}
_GROUP_OF = {key: group for group, keys in GROUPS.items() for key in keys}


class OnDrift(Part):
    """
    `overwrite` sends the declaration again, `keep` leaves the edit alone until the declaration itself changes, `fail`
    stops the plan. A group left out follows *others*; `name` carries the identity, so it cannot be kept.
    """

    name: Literal["overwrite", "fail"] | None = None
    prompts: Policy | None = None
    llm: Policy | None = None
    speech: Policy | None = None
    appearance: Policy | None = None
    messages: Policy | None = None
    attachments: Policy | None = None
    others: Policy | None = None
    """Everything else too: call length, recording, memory, callbacks. Left out: `overwrite`."""


def policy(key: str, inputs: Mapping[str, Any]) -> str:
    """The policy of the input *key*, as *inputs* declare it."""
    declared = inputs.get("on_drift") or {}
    others = str(declared.get("others") or "overwrite")
    group = _GROUP_OF.get(key)
    if group == "name":
        return str(declared.get("name") or ("fail" if others == "fail" else "overwrite"))
    return str(declared.get(group) or others) if group else others

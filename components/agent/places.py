"""
Where each input stands in the API document: one row per input, read in both directions by components/lifecycle/kind.py.

Paths are dotted; `avatar` is `avatars[0]`, the only one managed; `runtime` is `avatars[0].config`
or `avatars[0]`, as the placement says. Source of every row: docs/contract, AgentCreate, AgentUpdate and Agent.
"""

from __future__ import annotations

from components.lifecycle.place import Place


def _at(*writes: str, also_read: tuple[str, ...] = ()) -> Place:
    return Place(writes, also_read)


def _refs(path: str) -> Place:
    return Place((path,), refs=True)


PLACES: dict[str, Place] = {
    "agent_name": _at("agent_name"),
    "agent_system_prompt": _at("agent_system_prompt"),
    "default_system_prompt": _at("default_system_prompt"),
    "record": _at("record"),
    "is_active": _at("is_active"),
    "is_public": _at("is_public"),
    "email": _at("email"),
    "type": _at("type"),
    "callback_url": _at("callback_url"),
    "callback_events": _at("callback_events"),
    "knowledge_base": _refs("knowledge_base"),
    "tool": _refs("tool"),
    "mcp": _refs("mcp"),
    "guardrail": _refs("guardrail"),
    "visual_presentations": _refs("visual_presentations"),
    "integration": _at("integration"),
    "add_on": _at("add_on"),
    "widget": _at("widget", also_read=("config.widget",)),
    # Create and update name the length of a call differently, and two more fields end it (docs/contract).
    "timeout_s": _at(
        "config.timeout", "config.maxCallDuration", "avatar.timeout", "avatar.exit_message.max_call_duration"
    ),
    "memory": _at("config.memory"),
    "toggles": _at("config.systemConfig"),
    "conversational_context": _at("avatar.conversational_context", "config.conversationalContext"),
    "avatar_key_id": _at("avatar.avatar_key_id"),
    "is_custom": _at("avatar.is_custom"),
    "persona_name": _at("avatar.persona_name"),
    "persona_prompt": _at("avatar.persona_prompt"),
    "welcome_message": _at("avatar.welcome_message"),
    "idle_timeout": _at("avatar.idle_timeout"),
    "exit_heads_up_message": _at("avatar.exit_heads_up_message"),
    "warning_exit_message": _at("avatar.warning_exit_message"),
    "exit_message": _at("avatar.exit_message"),
    "memory_categories": _at("avatar.memoryCategories"),
    "rendering": _at("avatar"),
    "vision": _at("avatar"),
    # Sent by the vendor's n8n node only, always nested.
    "webcam": _at("avatar.config.webcam"),
    "screen": _at("avatar.config.screen"),
    "llm_provider": _at("runtime.llm.provider"),
    "llm_model": _at("runtime.llm.model"),
    "llm_url": Place(("runtime.llm.url",), hideable=True),
    "llm_token": Place(("runtime.llm.token",), echoed=False),
    "llm_fallback_provider": _at("runtime.llm.fallback_provider"),
    "llm_fallback_model": _at("runtime.llm.fallback_model"),
    "use_nltk": _at("runtime.llm.use_nltk"),
    "stt": _at("runtime.stt"),
    "tts": _at("runtime.tts"),
    "turn_detector": _at("runtime.turn_detector"),
    "turn_handling": _at("runtime.turn_handling"),
    "interruptability": _at("runtime.interruptability"),
}

UNORDERED = frozenset({"callback_events", *(key for key, place in PLACES.items() if place.refs)})

_RUNTIME = {"nested": ("avatars.0.config",), "flat": ("avatars.0",), "both": ("avatars.0.config", "avatars.0")}


def spelled(path: str, placement: str) -> list[list[str]]:
    """Every real path of *path* under *placement*, split into steps; avatars are addressed by `0`."""
    if path.startswith("runtime."):
        return [f"{root}.{path.removeprefix('runtime.')}".split(".") for root in _RUNTIME[placement]]
    whole = f"avatars.0{path.removeprefix('avatar')}" if path.split(".", maxsplit=1)[0] == "avatar" else path
    return [whole.split(".")]

"""
Where llm, stt, tts and the turn settings of an avatar stand on the wire, and what a read hides.

TruGen's sources disagree (docs/contract, createAgent), so a switch decides. Both placements are checked against the
contract, but only the selected one is taken: the other is dropped without a word, and an agent that put its LLM there
stays on the default model. TruGen may do the same, and a client has to detect it.
The store always holds the nested form, so the switch can be turned between two runs.
"""

from typing import Any

from components.sandbox.agent_models import Avatar, Llm, Runtime, Stt
from components.sandbox.behaviour import Behaviour

RUNTIME = frozenset(Runtime.model_fields)
_SECRET = ("url", "token")
_SHOWN_OF_MASKED_CHARS = 4
_OF_GUIDE = {
    "llm": Llm(provider="groq", model="openai/gpt-oss-120b").model_dump(by_alias=True),
    "stt": Stt(provider="deepgram", model="flux-general-en").model_dump(by_alias=True),
}


def accepted(avatar: Avatar, behaviour: Behaviour) -> dict[str, Any]:
    """Nested form of *avatar* with only the members that stood where the selected placement looks."""
    return {
        **avatar.model_dump(by_alias=True, exclude={*RUNTIME, "config"}, exclude_none=True),
        "config": _runtime(avatar, behaviour),
    }


def _runtime(avatar: Avatar, behaviour: Behaviour) -> dict[str, Any]:
    nested = avatar.config.model_dump(by_alias=True)
    flat = avatar.model_dump(by_alias=True, include=set(RUNTIME))
    sent_nested, sent_flat = avatar.config.model_fields_set, avatar.model_fields_set & RUNTIME
    taken, sent = {
        "nested": (nested, sent_nested),
        "flat": (flat, sent_flat),
        "either": (nested | {key: flat[key] for key in sent_flat}, sent_nested | sent_flat),
    }[behaviour.placement]
    defaults = _OF_GUIDE if behaviour.defaults == "guide" else {}
    return taken | {key: value for key, value in defaults.items() if key not in sent}


def shown(stored: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """*stored* (nested form) as a read returns it; no documented read has `llm.url` or `llm.token`."""
    rest = {key: value for key, value in stored.items() if key != "config"}
    llm = dict(stored["config"]["llm"])
    for key in _SECRET:
        value = llm.pop(key)
        if value and behaviour.llm_secrets != "hidden":
            masked = f"****{value[-_SHOWN_OF_MASKED_CHARS:]}"
            llm[key] = value if behaviour.llm_secrets == "shown" else masked
    runtime = {**stored["config"], "llm": llm}
    return {**rest, **runtime} if behaviour.placement == "flat" else {**rest, "config": runtime}

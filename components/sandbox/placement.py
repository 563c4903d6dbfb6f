"""
Where llm, stt, tts and the turn settings of an avatar stand on the wire, and what a read hides.

TruGen's sources disagree (docs/contract, createAgent), so a switch decides. Both placements are checked against the
contract, but only the selected one is taken: the other is dropped without a word, and an agent that put its LLM there
stays on the default model. TruGen may do the same, and a client has to detect it.
The store always holds the nested form, so the switch can be turned between two runs.
"""

from typing import Any

from components.sandbox.agent_models import Avatar, Runtime
from components.sandbox.calls import Placement

_RUNTIME = set(Runtime.model_fields)
_HIDDEN = ("url", "token")


def accepted(avatar: Avatar, placement: Placement) -> dict[str, Any]:
    """Nested form of *avatar* with only the members that stood where *placement* looks."""
    source = avatar.config if placement == "nested" else avatar
    return {
        **avatar.model_dump(by_alias=True, exclude=_RUNTIME | {"config"}, exclude_none=True),
        "config": source.model_dump(by_alias=True, include=_RUNTIME),
    }


def shown(stored: dict[str, Any], placement: Placement, *, reveal_llm: bool) -> dict[str, Any]:
    """*stored* (nested form) as a read returns it; no documented read has `llm.url` or `llm.token`."""
    rest = {key: value for key, value in stored.items() if key != "config"}
    llm = {key: value for key, value in stored["config"]["llm"].items() if key not in _HIDDEN or (reveal_llm and value)}
    runtime = {**stored["config"], "llm": llm}
    return {**rest, "config": runtime} if placement == "nested" else {**rest, **runtime}

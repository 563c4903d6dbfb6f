"""From the body of a write to the document that is stored, under the switches of this sandbox."""

from typing import Any

from components.sandbox.agent_models import AgentUpdate
from components.sandbox.behaviour import Behaviour
from components.sandbox.calls import bad_request
from components.sandbox.placement import RUNTIME, accepted, shown
from components.sandbox.store import Json

ATTACHMENTS = ("knowledge_base", "tool", "mcp", "guardrail")

_Members = dict[str, "_Members | None"]
_PLACED: _Members = dict.fromkeys(RUNTIME)
_AVATAR = dict.fromkeys(["avatar_key_id", "persona_name", "persona_prompt"])
# What the vendor's schema of PUT lists; llm, stt and tts also at the flat place, or that switch would have no PUT.
_PUT_MEMBERS: _Members = {
    **dict.fromkeys(["agent_name", "agent_system_prompt", "record", "callback_url", "callback_events", "is_active"]),
    **dict.fromkeys(ATTACHMENTS),
    "config": {
        "maxCallDuration": None,
        "conversationalContext": None,
        "memory": {"isEnabled": None, "instruction": None},
    },
    "avatars": {**_AVATAR, **_PLACED, "config": _PLACED},
}


def documented(sent: Json) -> Json:
    """*sent* without the members that the vendor's schema of PUT does not list."""
    pruned: Json = _pruned(sent, _PUT_MEMBERS)
    return pruned


def _pruned(sent: Any, members: _Members | None) -> Any:
    if members is None:
        return sent
    if isinstance(sent, list):
        return [_pruned(item, members) for item in sent]
    if isinstance(sent, dict):
        return {key: _pruned(value, members[key]) for key, value in sent.items() if key in members}
    return sent


def refuse_unsupported(body: AgentUpdate, behaviour: Behaviour) -> None:
    if behaviour.call_ended == "refused" and "call_ended" in (body.callback_events or []):
        raise bad_request("callback_events: 'call_ended' is not one of the events")
    llms = [llm for avatar in body.avatars for llm in (avatar.llm, avatar.config.llm)]
    if behaviour.http_urls == "refused" and any(llm.url.startswith("http:") for llm in llms):
        raise bad_request("llm.url does not start with https://")


def settled(body: AgentUpdate, behaviour: Behaviour) -> Json:
    """Document to store: defaults filled in, one placement taken, twins of a member made one."""
    document = body.model_dump(by_alias=True, exclude={"avatars"})
    config = document["config"]
    avatars = [accepted(avatar, behaviour) for avatar in body.avatars]
    for avatar in avatars:
        avatar["persona_prompt"] = avatar["persona_prompt"] or body.agent_system_prompt
    if avatars:
        config["conversationalContext"] = config["conversationalContext"] or avatars[0]["conversational_context"]
    config_widget = config.pop("widget")
    if "widget" not in body.model_fields_set:
        document["widget"] = config_widget
    if behaviour.defaults == "guide" and "record" not in body.model_fields_set:
        document["record"] = False
    nulls = {"callback_url": document["callback_url"] or "", "callback_events": document["callback_events"] or []}
    attached = {key: document[key] or [] for key in ATTACHMENTS}
    return {**document, **nulls, **attached, "avatars": avatars}


def as_written(stored: Json, behaviour: Behaviour) -> Json:
    """The body that would store *stored*."""
    whole = behaviour.model_copy(update={"llm_secrets": "shown"})
    written = {**stored, "avatars": [shown(avatar, whole) for avatar in stored["avatars"]]}
    if not stored["agent_name"]:
        # A PUT may have emptied it, but "" is not a name to send.
        del written["agent_name"]
    return written


def merged(current: Json, sent: Json) -> Json:
    """*sent* over *current*, object by object; arrays are replaced."""
    both = {key: merged(current[key], sent[key]) for key in sent if _are_objects(current.get(key), sent[key])}
    return {**current, **sent, **both}


def _are_objects(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)

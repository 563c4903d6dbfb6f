"""
/ext/agent: list, create, read, replace, merge, delete.

Reads return the whole stored agent with its defaults, as the guide promises; the spec lists fewer members. What is
attached comes back as the spec says: id, name and description, guardrails in full, null when there is nothing.
"""

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from components.sandbox.agent_models import AgentCreate, AgentUpdate
from components.sandbox.attachments import GUARDRAILS, MCP_SERVERS, TOOLS
from components.sandbox.calls import Call, Placement, RefusedError, checked
from components.sandbox.collection import Collection, ack
from components.sandbox.knowledge_bases import KNOWLEDGE_BASES
from components.sandbox.placement import accepted, shown
from components.sandbox.store import Json, Store, Stored

_ATTACHMENTS = ("knowledge_base", "tool", "mcp", "guardrail")
_LARGEST = 2**63 - 1


def create(call: Call) -> Response:
    return ack(add(call, call.parse(AgentCreate)), "Agent created successfully")


def add(call: Call, body: AgentUpdate) -> str:
    return call.store.add("agent", body.agent_name, _settled(body, call.placement)).id


def page(call: Call) -> Response:
    """`search` matches a part of the name or id, letter case aside: what the service does is not documented."""
    rows, total = call.store.page(
        "agent",
        search=call.query.get("search", ""),
        offset=_count(call, "offset", default=0, least=0),
        limit=_count(call, "perpage", default=10, least=1),
    )
    return JSONResponse([_shown(call, row) for row in rows], headers={"X-Total-Count": str(total)})


def replace(call: Call) -> Response:
    """Full replace: members left out go back to their defaults (api-reference/agentupdate)."""
    body = call.parse(AgentUpdate)
    return AGENTS.update(call, lambda _: _settled(body, call.placement))


def merge(call: Call) -> Response:
    """
    Members sent are merged, object by object; other arrays are replaced; attachments only ever grow.

    That attachments cannot be detached is documented (docs/agents/guardrails/attaching), the rest is our reading.
    """
    sent = call.json()
    checked(AgentUpdate, sent)

    def merged(stored: Json) -> Json:
        current = _as_written(stored, call.placement)
        attached = {key: current[key] + _new(sent.get(key) or [], current[key]) for key in _ATTACHMENTS}
        return _settled(checked(AgentUpdate, {**_merged(current, sent), **attached}), call.placement)

    return AGENTS.update(call, merged)


def _settled(body: AgentUpdate, placement: Placement) -> Json:
    """Document to store: defaults filled in, one placement taken, twins of a member made one."""
    document = body.model_dump(by_alias=True, exclude={"avatars"})
    config = document["config"]
    avatars = [accepted(avatar, placement) for avatar in body.avatars]
    for avatar in avatars:
        avatar["persona_prompt"] = avatar["persona_prompt"] or body.agent_system_prompt
    if avatars:
        config["conversationalContext"] = config["conversationalContext"] or avatars[0]["conversational_context"]
    config_widget = config.pop("widget")
    if "widget" not in body.model_fields_set:
        document["widget"] = config_widget
    nulls = {"callback_url": document["callback_url"] or "", "callback_events": document["callback_events"] or []}
    attached = {key: document[key] or [] for key in _ATTACHMENTS}
    return {**document, **nulls, **attached, "avatars": avatars}


def _as_written(stored: Json, placement: Placement) -> Json:
    written = {**stored, "avatars": [shown(avatar, placement, reveal_llm=True) for avatar in stored["avatars"]]}
    if not stored["agent_name"]:
        # A PUT may have emptied it, but "" is not a name to send.
        del written["agent_name"]
    return written


def _merged(current: Json, sent: Json) -> Json:
    both = {key: _merged(current[key], sent[key]) for key in sent if _are_objects(current.get(key), sent[key])}
    return {**current, **sent, **both}


def _are_objects(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def _new(refs: list[Json], known: list[Json]) -> list[Json]:
    ids = {ref["id"] for ref in known}
    return [ref for ref in refs if ref["id"] not in ids]


def _shown(call: Call, stored: Stored) -> Json:
    document = stored.document
    resolved = {key: _resolved(call.store, key, document[key]) or None for key in _ATTACHMENTS}
    return {
        "id": stored.id,
        **document,
        **resolved,
        "config": {**document["config"], "systemPrompt": document["agent_system_prompt"]},
        "avatars": [shown(avatar, call.placement, reveal_llm=call.reveal_llm) for avatar in document["avatars"]],
        **stored.timestamps(),
    }


def _resolved(store: Store, key: str, refs: list[Json]) -> list[dict[str, Any]]:
    """An attachment that is gone stays attached, under the name it was sent with (docs/agents/guardrails/overview)."""
    kind, embed = _EMBEDDED[key]
    found = [(ref, store.find(kind, ref["id"])) for ref in refs]
    return [{"id": ref["id"], **embed(stored.document)} if stored else ref for ref, stored in found]


def _named(document: Json) -> Json:
    return {"name": document["name"], "description": document.get("description", "")}


_EMBEDDED = {
    "knowledge_base": (KNOWLEDGE_BASES.kind, _named),
    "tool": (TOOLS.kind, lambda document: _named({"description": "", **document["schema"]})),
    "mcp": (MCP_SERVERS.kind, _named),
    "guardrail": (GUARDRAILS.kind, lambda document: document),
}


def _count(call: Call, name: str, *, default: int, least: int) -> int:
    text = call.query.get(name, str(default))
    # 4300 digits are the most that int() takes.
    if not re.fullmatch(r"[0-9]{1,4000}", text) or int(text) < least:
        raise RefusedError(400, {"error": f"Invalid query: {name} is not an integer of at least {least}"})
    return min(int(text), _LARGEST)


AGENTS = Collection("agent", "Agent", "Agent details not found", "agent_name", _shown)

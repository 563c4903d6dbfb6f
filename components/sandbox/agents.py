"""
/ext/agent: list, create, read, replace, merge, delete.

Reads return the whole stored agent with its defaults, as the guide promises; the spec lists fewer members. What is
attached comes back as the spec says: id, name and description, guardrails in full, null when there is nothing.
"""

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from components.sandbox.agent_models import AgentCreate, AgentUpdate
from components.sandbox.agent_writes import (
    ATTACHMENTS,
    as_written,
    documented,
    merged,
    refuse_unsupported,
    settled,
)
from components.sandbox.attachments import GUARDRAILS, MCP_SERVERS, TOOLS
from components.sandbox.calls import Call, RefusedError
from components.sandbox.collection import Collection, ack
from components.sandbox.knowledge_bases import KNOWLEDGE_BASES
from components.sandbox.placement import shown
from components.sandbox.store import Json, NameTakenError, Store, Stored

_LARGEST = 2**63 - 1


def create(call: Call) -> Response:
    return ack(add(call, call.parse(AgentCreate)), "Agent created successfully")


def add(call: Call, body: AgentUpdate) -> str:
    refuse_unsupported(body, call.behaviour)
    document = settled(body, call.behaviour)
    try:
        new = call.store.add("agent", body.agent_name, document, unique_name=call.behaviour.unique_names)
    except NameTakenError:
        raise _name_taken() from None
    call.lag.wrote(new.id, None)
    return new.id


def page(call: Call) -> Response:
    """`search` looks at names and ids, letter case aside; whether at parts of them is not documented."""
    limit = _count(call, "perpage", default=10, least=1)
    rows, total = call.store.page(
        "agent",
        search=call.query.get("search", ""),
        match=call.behaviour.search,
        offset=_count(call, "offset", default=0, least=0),
        limit=min(limit, call.behaviour.max_perpage or limit),
    )
    visible = [row for row in (call.lag.seen(row.id, row) for row in rows) if row]
    item = _brief if call.behaviour.list_items == "brief" else _shown
    total -= len(rows) - len(visible)
    return JSONResponse([item(call, row) for row in visible], headers={"X-Total-Count": str(total)})


def read(call: Call) -> Response:
    seen = call.lag.seen(call.id, call.store.find("agent", call.id))
    if seen is None:
        raise AGENTS.not_found()
    return JSONResponse(_shown(call, seen))


def replace(call: Call) -> Response:
    """Full replace, as api-reference/agentupdate has it, unless the switches of PUT say otherwise."""
    sent = documented(call.json()) if call.behaviour.put_members == "documented" else call.json()
    document = _checked(call, sent)

    def replaced(stored: Json) -> Json:
        if call.behaviour.replace == "full" and call.behaviour.empty_list == "clears":
            return document
        current = as_written(stored, call.behaviour)
        wanted = merged(current, sent) if call.behaviour.replace == "partial" else sent
        kept = {key: current[key] for key in ATTACHMENTS if call.behaviour.empty_list == "keeps" and not sent.get(key)}
        return _checked(call, {**wanted, **kept})

    return _update(call, replaced)


def merge(call: Call) -> Response:
    """
    Members sent are merged, object by object; other arrays are replaced; attachments only ever grow.

    That attachments cannot be detached is documented (docs/agents/guardrails/attaching), the rest is our reading.
    """
    if call.behaviour.patch == "absent":
        raise RefusedError(405, {"error": "Method Not Allowed"})
    sent = call.json()
    call.checked(AgentUpdate, sent)

    def grown(stored: Json) -> Json:
        current = as_written(stored, call.behaviour)
        attached = {key: current[key] + _new(sent.get(key) or [], current[key]) for key in ATTACHMENTS}
        return _checked(call, {**merged(current, sent), **attached})

    return _update(call, grown)


def delete(call: Call) -> Response:
    before = _before(call)
    answer = AGENTS.delete(call)
    call.lag.wrote(call.id, before)
    return answer


def _checked(call: Call, document: Json) -> Json:
    body = call.checked(AgentUpdate, document)
    refuse_unsupported(body, call.behaviour)
    return settled(body, call.behaviour)


def _update(call: Call, change: Callable[[Json], Json]) -> Response:
    before = _before(call)
    try:
        answer = AGENTS.update(call, change, unique_name=call.behaviour.unique_names)
    except NameTakenError:
        raise _name_taken() from None
    call.lag.wrote(call.id, before)
    return answer


def _before(call: Call) -> Stored | None:
    """What lagging reads will show, where they lag."""
    return call.store.find("agent", call.id) if call.behaviour.lag_reads else None


def _name_taken() -> RefusedError:
    return RefusedError(409, {"error": "An agent of that name exists"})


def _new(refs: list[Json], known: list[Json]) -> list[Json]:
    ids = {ref["id"] for ref in known}
    return [ref for ref in refs if ref["id"] not in ids]


def _shown(call: Call, stored: Stored) -> Json:
    document = stored.document
    resolved = {key: _resolved(call.store, key, document[key]) or None for key in ATTACHMENTS}
    return {
        "id": stored.id,
        **document,
        **resolved,
        "config": {**document["config"], "systemPrompt": document["agent_system_prompt"]},
        "avatars": [shown(avatar, call.behaviour) for avatar in document["avatars"]],
        **stored.timestamps(),
    }


def _brief(call: Call, stored: Stored) -> Json:
    """Name, times and the llm of each avatar; what else a list item has is not sure (docs/contract, listAgents)."""
    whole = _shown(call, stored)
    avatars = [_llm_only(avatar) for avatar in whole["avatars"]]
    return {key: whole[key] for key in ("id", "agent_name", "created_at", "updated_at")} | {"avatars": avatars}


def _llm_only(avatar: Json) -> Json:
    return {"config": {"llm": avatar["config"]["llm"]}} if "config" in avatar else {"llm": avatar["llm"]}


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

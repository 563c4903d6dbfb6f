"""
Whose agent is it? TruGen has no tags, no idempotency key and no unique names, so the name carries the identity
until the id is known.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MARKER_CHARACTERS = 8


def marker(project: str, stack: str, urn_name: str) -> str:
    """8 base32 characters that name one declared agent: computed, never chosen, so no user can make two alike."""
    digest = hashlib.sha256(json.dumps([project, stack, urn_name]).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:MARKER_CHARACTERS]


def remote_name(inputs: Mapping[str, Any]) -> str:
    """The name TruGen gets: `Helpdesk [k3x9abcd]`, or just `Helpdesk` under `exact_name`."""
    name = str(inputs["agent_name"])
    return name if inputs.get("exact_name") else f"{name}{_suffix(inputs)}"


def shown_name(inputs: Mapping[str, Any], remote: str) -> dict[str, Any]:
    """The inputs that *remote* amounts to. A lost marker is a rename too, so it reads as an empty one."""
    if inputs.get("exact_name"):
        return {"agent_name": remote}
    if remote.endswith(_suffix(inputs)):
        return {"agent_name": remote.removesuffix(_suffix(inputs))}
    return {"agent_name": remote, "marker": ""}


def is_own(inputs: Mapping[str, Any], agent: Mapping[str, Any]) -> bool:
    """Exact, since the API's search also finds `bot-10` for `bot-1`."""
    remote = str(agent.get("agent_name", ""))
    return remote == remote_name(inputs) if inputs.get("exact_name") else remote.endswith(_suffix(inputs))


def age_order(agent: Mapping[str, Any]) -> tuple[float, str]:
    """Sort key under which the first of several agents is the one that stays."""
    try:
        made = datetime.fromisoformat(str(agent.get("created_at"))).timestamp()
    except ValueError:
        made = float("inf")
    return made, str(agent.get("id"))


def _suffix(inputs: Mapping[str, Any]) -> str:
    return f" [{inputs['marker']}]"

"""
Whose object is it? TruGen has no tags, no idempotency key and no unique names, so a text carries the identity until the
id is known: the name, or the description where the name is what a model calls.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MARKER_CHARACTERS = 8


def marker(project: str, stack: str, urn_name: str, kind: str = "") -> str:
    """
    8 base32 characters that name one declared object: computed, never chosen, so no user can make two alike.

    Args:
        kind: Empty for an agent, whose markers are older than the other kinds.
    """
    parts = [project, stack, urn_name, *([kind] if kind else [])]
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:MARKER_CHARACTERS]


def labelled(inputs: Mapping[str, Any], key: str) -> str:
    """The text TruGen gets: `Helpdesk [k3x9abcd]`, or just `Helpdesk` under `exact_name`."""
    text = str(inputs.get(key) or "")
    return text if inputs.get("exact_name") else f"{text}{_suffix(inputs)}"


def shown_label(inputs: Mapping[str, Any], key: str, remote: str) -> dict[str, Any]:
    """The inputs that *remote* amounts to. A lost marker is a rename too, so it reads as an empty one."""
    if inputs.get("exact_name"):
        return {key: remote}
    if remote.endswith(_suffix(inputs)):
        return {key: remote.removesuffix(_suffix(inputs))}
    return {key: remote, "marker": ""}


def carries_marker(inputs: Mapping[str, Any], remote: Any) -> bool:
    return isinstance(remote, str) and remote.endswith(_suffix(inputs))


def age_order(document: Mapping[str, Any]) -> tuple[float, str]:
    """Sort key under which the first of several objects is the one that stays."""
    try:
        made = datetime.fromisoformat(str(document.get("created_at"))).timestamp()
    except ValueError:
        made = float("inf")
    return made, str(document.get("id"))


def _suffix(inputs: Mapping[str, Any]) -> str:
    return f" [{inputs['marker']}]"

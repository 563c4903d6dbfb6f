"""Values as Pulumi and TruGen hand them over, and when two of them are the same. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

# Stands for a value that is known only after the update. A test holds it equal to `pulumi.runtime.rpc.UNKNOWN`;
# importing that would bring all of Pulumi into code that is meant to run without it.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ABSENT = object()


def whole(value: Any) -> Any:
    """Pulumi hands every number over as a float: 240.0 must not reach the API, nor look like a change."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [whole(item) for item in value]
    return value


def holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(holds_unknown(item) for item in value)
    return bool(value == UNKNOWN)


def canonical(value: Any, *, unordered: bool = False) -> Any:
    """
    Spell equal values alike: 240.0 and 240, NFC and NFD, null and empty, a text with and without its last line end.

    The value itself is still sent byte for byte; only a comparison overlooks these.
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).rstrip() or None
    if isinstance(value, Mapping):
        members = {key: canonical(item) for key, item in value.items()}
        return {key: item for key, item in members.items() if item is not None} or None
    if isinstance(value, list | tuple):
        items = [canonical(item) for item in value]
        return (sorted({repr(item) for item in items}) if unordered else items) or None
    return value


def reduced(declared: Any, shown: Any) -> Any:
    """*shown* reduced to the members of *declared*: what was not declared is not ours to judge."""
    if isinstance(declared, Mapping) and isinstance(shown, Mapping):
        return {key: reduced(value, shown[key]) if key in shown else value for key, value in declared.items()}
    if isinstance(declared, int | float) and not isinstance(declared, bool) and isinstance(shown, str):
        return _number(shown)
    return whole(shown)


def _number(text: str) -> Any:
    """Some services answer a number as text; *text* itself when it is none."""
    try:
        return whole(float(text))
    except ValueError:
        return text


def member(value: Any, steps: list[str]) -> Any:
    """The value at *steps*, `0` addressing the first of a list; `ABSENT` when there is none."""
    for step in steps:
        if isinstance(value, list) and step == "0" and value:
            value = value[0]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return ABSENT
    return value


def put(target: dict[str, Any], steps: list[str], value: Any) -> None:
    """Set *value* at *steps*; objects merge, since an exit message and the call length share one."""
    for step in steps[:-1]:
        target = target.setdefault(step, {})
    last = steps[-1]
    target[last] = {**target.get(last, {}), **value} if isinstance(value, dict) else value


def without(document: Any, sent: Any) -> Any:
    """*document* less the members that *sent* has, member by member; lists go with their whole."""
    if not isinstance(sent, Mapping):
        return {}
    kept = {}
    for key, value in document.items():
        if key not in sent:
            kept[key] = value
        elif isinstance(value, Mapping) and (rest := without(value, sent[key])):
            kept[key] = rest
    return kept


def overlaid(below: Any, above: Any) -> Any:
    """*above* laid over *below*, object by object."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        both = {key: overlaid(below[key], above[key]) for key in above if key in below}
        return {**below, **above, **both}
    return above


def drop(document: Any, steps: list[str]) -> None:
    """Remove the member at *steps*, if it is there."""
    for step in steps[:-1]:
        document = document.get(step) if isinstance(document, Mapping) else None
    if isinstance(document, dict):
        document.pop(steps[-1], None)

"""
Inputs to API document, API document back to inputs, and what counts as a difference. Pure.

Sent: everything declared, on every PUT, since TruGen resets what a PUT leaves out (its api-reference/agentupdate).
Compared: what is declared and came back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from components.agent.identity import remote_name, shown_name
from components.agent.inputs import INPUTS, NOT_COMPARED, PROVIDER, UNKNOWN, holds_unknown, inputs_of, whole
from components.agent.places import PLACES, UNORDERED, Place, spelled

_ABSENT = object()
_HIDDEN_VALUES = frozenset({"llm_url"})
VERIFIED = "verified"
UNVERIFIED = "unverified"


def agent_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The complete document for POST and PUT."""
    document: dict[str, Any] = {"agent_name": remote_name(inputs)}
    for key, place in PLACES.items():
        if inputs.get(key) is not None:
            value = [{"id": id_} for id_ in inputs[key]] if place.refs else inputs[key]
            for path in place.writes:
                for steps in spelled(path, inputs.get("placement", "nested")):
                    _put(document, steps, whole(value))
    return {**document, "avatars": [document["avatars"]["0"]]}


def observed(document: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """*inputs* with every value that TruGen shows differently replaced by what it shows."""
    shown = {
        key: _overlaid(key, place, inputs[key], document)
        for key, place in PLACES.items()
        if inputs.get(key) is not None and place.echoed
    }
    name = document.get("agent_name")
    if not isinstance(name, str) or _same("agent_name", remote_name(inputs), name):
        return {**inputs, **shown}
    return {**inputs, **shown, **shown_name(inputs, name)}


def differences(document: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """Names of the declared inputs that *document* shows otherwise; `llm_provider` when it shows none at all."""
    seen = observed(document, inputs)
    different = [key for key in inputs if seen[key] is not inputs[key] and not _same(key, inputs[key], seen[key])]
    if all(value is _ABSENT for value in _shown("runtime.llm.provider", document)):
        different.append("llm_provider")
    return sorted(set(different))


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """
    What an update has to bring: names of inputs that differ from the recorded outputs *olds*.

    A moved provider counts: the old path stays in the outputs until an update, and breaks delete when it is gone
    (measured, CLI 3.259). So does a status that is not `verified`: the next `up` tries again.
    """
    keys = sorted(INPUTS - NOT_COMPARED)
    found = [key for key in keys if holds_unknown(news.get(key)) or not _same(key, olds.get(key), news.get(key))]
    if olds.get(PROVIDER) != news.get(PROVIDER) and news.get(PROVIDER) != UNKNOWN:
        found.append(PROVIDER)
    if olds.get("status") != VERIFIED:
        found.append("status")
    return found


def outputs(inputs: Mapping[str, Any], reason: str = "") -> dict[str, Any]:
    """The recorded state: the inputs, and whether a read-back confirmed them. A *reason* says why it did not."""
    return {**inputs_of(inputs), "status": UNVERIFIED if reason else VERIFIED, "status_reason": reason}


def _put(target: dict[str, Any], steps: list[str], value: Any) -> None:
    """Set *value* at *steps*; objects merge, since an exit message and the call length share one."""
    for step in steps[:-1]:
        target = target.setdefault(step, {})
    last = steps[-1]
    target[last] = {**target.get(last, {}), **value} if isinstance(value, dict) else value


def _shown(path: str, document: Mapping[str, Any]) -> list[Any]:
    """What *document* shows at *path* in either placement; TruGen's sources disagree on which a read uses."""
    return [_get(document, steps) for steps in spelled(path, "both")]


def _get(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(value, list) and step == "0" and value:
            value = value[0]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return _ABSENT
    return value


def _overlaid(key: str, place: Place, declared: Any, document: Mapping[str, Any]) -> Any:
    """The declared value, or the first copy that differs; of two placements of one copy, one that agrees is enough."""
    for path in (*place.writes, *place.also_read):
        values = [value for value in _shown(path, document) if value is not _ABSENT]
        values = [_merged(declared, _ids(value) if place.refs else value) for value in values]
        # A hidden URL may come back as null or as nothing: both say nothing, and no read is documented to show it.
        values = [value for value in values if value or key not in _HIDDEN_VALUES]
        if values and not any(_same(key, declared, value) for value in values):
            return values[0]
    return declared


def _merged(declared: Any, shown: Any) -> Any:
    """*shown* reduced to the members of *declared*: what was not declared is not ours to judge."""
    if isinstance(declared, Mapping) and isinstance(shown, Mapping):
        return {key: _merged(value, shown[key]) if key in shown else value for key, value in declared.items()}
    if isinstance(declared, int | float) and not isinstance(declared, bool) and isinstance(shown, str):
        return _number(shown)
    return whole(shown)


def _number(text: str) -> Any:
    """Some services answer a number as text; *text* itself when it is none."""
    try:
        return whole(float(text))
    except ValueError:
        return text


def _ids(refs: Any) -> Any:
    """Ids of attachments: reads show objects (TruGen's spec) or ids alone (its guide); null is none."""
    if refs is None:
        return []
    if not isinstance(refs, list):
        return refs
    return [ref["id"] if isinstance(ref, Mapping) and "id" in ref else ref for ref in refs]


def _same(key: str, one: Any, other: Any) -> bool:
    return bool(_canonical(one, unordered=key in UNORDERED) == _canonical(other, unordered=key in UNORDERED))


def _canonical(value: Any, *, unordered: bool = False) -> Any:
    """
    Spell equal values alike: 240.0 and 240, NFC and NFD, null and empty, a text with and without its last line end.

    The value itself is still sent byte for byte; only a comparison overlooks these.
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).rstrip() or None
    if isinstance(value, Mapping):
        members = {key: _canonical(item) for key, item in value.items()}
        return {key: item for key, item in members.items() if item is not None} or None
    if isinstance(value, list | tuple):
        items = [_canonical(item) for item in value]
        return (sorted({repr(item) for item in items}) if unordered else items) or None
    return value

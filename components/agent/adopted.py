"""
An agent that somebody made elsewhere, as the entry of a stack file that changes nothing of it. Pure.

Driven by the same table as everything that is sent (places.py), and judged by the body that would be sent: what would
not come out as it is there is declared as null, which leaves it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from components.agent.document import AgentDocument
from components.agent.kind import AGENT
from components.agent.parts import Part
from components.agent.places import PLACES, spelled
from components.agent.spelling import (
    FIELDS,
    copies,
    first_copy,
    in_stack_spelling,
    is_empty,
    part_of,
    stack_name,
)
from components.agent.trugen_defaults import TRUGEN_DEFAULTS
from components.lifecycle.kind import Json
from components.lifecycle.values import ABSENT, member, put, whole

# Held by TruGen, where few look; a stack file is committed and read by many.
_MAY_HOLD_A_SECRET = ("callback_url", "integration", "add_on", "vision")
_REQUIRED = {
    "agent_name": "name",
    "persona_prompt": "prompt",
    "llm_provider": "LLM's provider",
    "llm_model": "LLM's model",
}


class NotExpressibleError(Exception):
    """No entry of a stack file leaves this agent as it is; the text says why."""


@dataclass(frozen=True)
class Adopted:
    """
    One agent as a stack file says it, `llm` aside.

    Args:
        entry: In the spelling of the stack file; null is what stays as it is there.
        url: Of the LLM, when it is outside of TruGen and TruGen shows it.
        left: What TruGen holds and the entry does not say, with the reason; without one it is not ours to declare.
        attached: Names that TruGen shows for attachments, by id.
    """

    id_: str
    entry: Json
    provider: str
    model: str
    url: str | None
    left: Mapping[str, str]
    attached: Mapping[str, str]


def adopted(document: Mapping[str, Any]) -> Adopted:
    """Raises: NotExpressibleError."""
    llm = {key: first_copy(key, document) for key in ("llm_provider", "llm_model")}
    shown = {key: in_stack_spelling(key, document) for key in FIELDS if key in PLACES}
    reasons = {key: "may hold a secret" for key in _MAY_HOLD_A_SECRET if not is_empty(shown[key])}
    given = {**shown, "adopt_agent_id": document["id"], "exact_name": True, "placement": _placement(document)}
    entry = _renamed({key: value for key, value in given.items() if not is_empty(value) and key not in reasons})
    entry |= _renamed(dict.fromkeys(reasons))
    while wrong := _wrong(document, entry, llm):
        if required := [key for key in _REQUIRED if key in wrong]:
            raise NotExpressibleError(f"its {_REQUIRED[required[0]]} {wrong[required[0]]}")
        reasons |= wrong
        entry |= _renamed(dict.fromkeys(wrong))
    left = {stack_name(FIELDS[key]): reason for key, reason in reasons.items() if not is_empty(shown[key])}
    return Adopted(
        id_=document["id"],
        entry=_shortened(entry),
        provider=str(llm["llm_provider"]),
        model=str(llm["llm_model"]),
        url=first_copy("llm_url", document),
        left={**left, **dict.fromkeys(_unknown_members(document), "")},
        attached=_attached(document),
    )


def _renamed(values: Mapping[str, Any]) -> Json:
    return {stack_name(FIELDS[key]): value for key, value in values.items()}


def _placement(document: Mapping[str, Any]) -> str:
    nested, flat = (member(document, spelled("runtime.llm", one)[0]) for one in ("nested", "flat"))
    if nested is ABSENT and flat is ABSENT:
        raise NotExpressibleError("TruGen shows no avatar with an LLM")
    if nested is ABSENT:
        return "flat"
    return "nested" if flat is ABSENT else "both"


def _wrong(document: Mapping[str, Any], entry: Json, llm: Json) -> dict[str, str]:
    """Names of inputs that would not be sent as *document* shows them, with the reason."""
    try:
        props = {**_checked(entry).to_props(), **llm}
    except ValidationError as error:
        return dict(_refused(error))
    sent = [key for key in props if key in PLACES]
    # Last, since a comparison overlooks what a body shows: blanks at an end, spellings of one letter.
    return dict(_changes(document, sent, props)) or dict.fromkeys(AGENT.differences(document, props), "would change")


def _checked(entry: Json) -> AgentDocument:
    """As `settings.load` will read it."""
    return AgentDocument.model_validate_json(json.dumps(entry), strict=True, by_name=False)


def _refused(error: ValidationError) -> Iterator[tuple[str, str]]:
    names = {stack_name(field): key for key, field in FIELDS.items()}
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        if not found["loc"]:
            raise NotExpressibleError("it holds text that is not valid Unicode") from None
        text = found["msg"].removeprefix("Value error, ")
        yield names[str(found["loc"][0])], "is missing" if found["type"] == "missing" else text


def _changes(document: Mapping[str, Any], sent: Iterable[str], props: Json) -> Iterator[tuple[str, str]]:
    """What a PUT of each of these inputs, and of nothing else, would do to *document*."""
    before = _filled(AGENT.replacement(document, {}, {}))

    def after(*keys: str) -> Any:
        wanted = {key: props[key] for key in (*keys, "exact_name", "placement")}
        return _filled(AGENT.replacement(document, {}, wanted))

    agree = [key for key in sent if len(PLACES[key].writes) == 1 and not _copies_differ(key, document)]
    fine = set(agree) if after(*agree) == before else set()
    for key in sent:
        if key in fine:
            continue
        if _copies_differ(key, document):
            numbers = [str(one) for one in copies(key, document) if isinstance(one, int | float)]
            yield key, f"TruGen holds {', '.join(numbers)}" if numbers else "TruGen holds copies that differ"
        elif len(PLACES[key].writes) > 1 and copies(key, document):
            if not _is_within(before, after(key)):
                yield key, "cannot be sent back unchanged"
        elif after(key) != before:
            yield key, "cannot be sent back unchanged"


def _copies_differ(key: str, document: Mapping[str, Any]) -> bool:
    shown = [_filled(one) for one in copies(key, document)]
    return any(one != shown[0] for one in shown)


def _filled(value: Any) -> Any:
    """*value* without its empty members: absent, null and empty are one to TruGen."""
    if isinstance(value, Mapping):
        held = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in held.items() if not is_empty(item)}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return whole(value)


def _is_within(before: Any, after: Any) -> bool:
    """Whether *after* only adds: more places for what TruGen shows in one."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(key in after and _is_within(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_is_within, before, after))
    return bool(before == after)


def _shortened(entry: Json) -> Json:
    """*entry* without what comes out the same when it is left out, and without what was never decided by anybody."""
    entry = dict(entry)
    for key, field in FIELDS.items():
        name, part = stack_name(field), part_of(field)
        if part is not None and isinstance(entry.get(name), dict):
            entry = {**entry, name: _undefaulted(part, entry[name], TRUGEN_DEFAULTS.get(key, {}))}
        if field.default is None and name in entry and entry[name] in ({}, TRUGEN_DEFAULTS.get(key, ABSENT)):
            del entry[name]
    props = _checked(entry).to_props()
    identity = {"agentName", "personaPrompt", "exactName", "adoptAgentId"}
    for name in [name for name in entry if name not in identity]:
        rest = {other: value for other, value in entry.items() if other != name}
        if _checked(rest).to_props() == props:
            entry = rest
    return entry


def _undefaulted(part: type[Part], given: Json, trugens: Mapping[str, Any]) -> Json:
    defaults = {
        stack_name(field): trugens.get(name, ABSENT) if field.default is None else field.default
        for name, field in part.model_fields.items()
    }
    return {name: value for name, value in given.items() if value != defaults[name]}


def _unknown_members(document: Mapping[str, Any]) -> Iterator[str]:
    """Members that no input of ours stands for; a PUT carries them along."""
    known: Json = {}
    for key, place in PLACES.items():
        part = part_of(FIELDS[key]) if key in FIELDS else None
        names = {field.serialization_alias or name: True for name, field in part.model_fields.items()} if part else True
        for path in (*place.writes, *place.also_read):
            for steps in spelled(path, "both"):
                put(known, steps, names)
    held = AGENT.replacement(document, {}, {})
    held["avatars"] = {str(number): avatar for number, avatar in enumerate(held.get("avatars") or [])}
    yield from _beside(known, _filled(held), "")


def _beside(known: Mapping[str, Any], held: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in held.items():
        if key not in known:
            yield f"{path}{key}"
        elif isinstance(value, Mapping) and isinstance(known[key], Mapping):
            yield from _beside(known[key], value, f"{path}{key}.")


def _attached(document: Mapping[str, Any]) -> dict[str, str]:
    lists = [document.get(key) for key, place in PLACES.items() if place.refs]
    refs = [one for refs in lists if isinstance(refs, list) for one in refs if isinstance(one, Mapping)]
    return {str(one["id"]): str(one["name"]) for one in refs if one.get("name") and "id" in one}

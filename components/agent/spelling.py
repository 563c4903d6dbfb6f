"""What TruGen shows of an agent, in the words of a stack file: the way back from places.py and parts.py. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from components.agent.document import AgentDocument
from components.agent.parts import Part
from components.agent.places import PLACES, spelled
from components.lifecycle.values import ABSENT, member, whole

FIELDS = AgentDocument.model_fields


def copies(key: str, document: Mapping[str, Any]) -> list[Any]:
    """Every value that *document* shows for the input *key*, in whatever placement."""
    place = PLACES[key]
    paths = [steps for path in (*place.writes, *place.also_read) for steps in spelled(path, "both")]
    return [value for steps in paths if (value := member(document, steps)) is not ABSENT]


def first_copy(key: str, document: Mapping[str, Any]) -> Any:
    """The first that holds something, else None."""
    return next((value for value in copies(key, document) if not is_empty(value)), None)


def in_stack_spelling(key: str, document: Mapping[str, Any]) -> Any:
    """The value of the input *key* as a stack file writes it; None when *document* shows none."""
    value = whole(first_copy(key, document))
    if PLACES[key].refs:
        return [one["id"] if isinstance(one, Mapping) and "id" in one else one for one in value or []]
    part = part_of(FIELDS[key])
    return value if part is None else members(part, value)


def members(part: type[Part], shown: Any) -> Any:
    """The members of *part* in *shown*, by their names in a stack file; what is none of them stays behind."""
    if not isinstance(shown, Mapping):
        return shown
    found = {}
    for name, field in part.model_fields.items():
        value = shown.get(field.serialization_alias or name)
        inner = part_of(field)
        if inner is not None and isinstance(value, list):
            value = [members(inner, one) for one in value]
        if not is_empty(value):
            found[stack_name(field)] = value
    return found


def stack_name(field: FieldInfo) -> str:
    alias = field.validation_alias
    return str(alias.choices[0] if isinstance(alias, AliasChoices) else alias)


def part_of(field: FieldInfo) -> type[Part] | None:
    """The part in a field's type: `Stt | None`, `tuple[Pronunciation, ...]`."""
    return _part(field.annotation)


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _part(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((part for inner in get_args(annotation) if (part := _part(inner))), None)

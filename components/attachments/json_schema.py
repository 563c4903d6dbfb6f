"""
Are these the parameters of a function? Plain rules, enough to catch a slip; a full validator would be a dependency.

Source: OpenAI API reference, tools[].function.parameters: a JSON Schema object.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, JsonValue

MAX_CHARACTERS = 64 * 2**10
MAX_DEPTH = 12
# Pulumi hands numbers over as doubles: beyond this, neighbours are the same.
_LARGEST_EXACT = 2**53
_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_PROPERTY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SINGLE = ("items", "additionalProperties", "not")
_SEVERAL = ("anyOf", "oneOf", "allOf")
_NAMED = ("properties", "$defs", "definitions")


def parameters(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    *schema* itself.

    Raises:
        ValueError: where in it, and what is wrong.
    """
    if schema.get("type") != "object":
        raise ValueError("is no JSON Schema of an object; start with `type: object`, then `properties`")
    if depth(schema) > MAX_DEPTH * 2:
        raise ValueError(f"is nested more than {MAX_DEPTH} deep")
    _check(schema, "")
    if len(json.dumps(schema)) > MAX_CHARACTERS:
        raise ValueError(f"is longer than {MAX_CHARACTERS:,} characters as JSON")
    return schema


def depth(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max(map(depth, value), default=0)
    return 0


def _check(schema: Any, at: str) -> None:
    if isinstance(schema, bool):
        return
    _require(isinstance(schema, Mapping), f"{_spelled(at)} is no schema; write a map like `{{type: string}}`")
    _check_type(schema, at)
    _check_required(schema, at)
    _check_values(schema, at)
    for path, inner in _inner(schema, at):
        _check(inner, path)


def _inner(schema: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    """Every schema right inside *schema*, with its path."""
    for key in _NAMED:
        named, path = schema.get(key, {}), _join(at, key)
        _require(isinstance(named, Mapping), f"{_spelled(path)} is no map of names to schemas")
        for name, inner in named.items():
            is_name = key != "properties" or _PROPERTY.fullmatch(name)
            _require(bool(is_name), f"{_spelled(path)} has a name that is none: use letters, digits, '_', '.' or '-'")
            yield f"{path}.{name}", inner
    for key in _SEVERAL:
        several, path = schema.get(key, []), _join(at, key)
        _require(isinstance(several, list | tuple), f"{_spelled(path)} is no list of schemas")
        yield from ((f"{path}[{number}]", inner) for number, inner in enumerate(several))
    yield from ((_join(at, key), schema[key]) for key in _SINGLE if key in schema)


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not holds:
        raise ValueError(otherwise)


def _check_type(schema: Mapping[str, Any], at: str) -> None:
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list | tuple) else [kinds]
    if not all(isinstance(kind, str) and kind in _TYPES for kind in kinds):
        raise ValueError(f"{_spelled(_join(at, 'type'))} is none of {', '.join(sorted(_TYPES))}")
    if not str(schema.get("$ref", "#")).startswith("#"):
        raise ValueError(f"{_spelled(_join(at, '$ref'))} leads outside the schema; nobody fetches it")


def _check_required(schema: Mapping[str, Any], at: str) -> None:
    required, properties = schema.get("required", []), schema.get("properties", {})
    if not isinstance(required, list | tuple) or not all(isinstance(name, str) for name in required):
        raise ValueError(f"{_spelled(_join(at, 'required'))} is no list of property names")
    unknown = [name for name in required if isinstance(properties, Mapping) and name not in properties]
    if unknown:
        raise ValueError(f"{_spelled(_join(at, 'required'))} names {unknown[0]!r}, which is not among the properties")


def _check_values(schema: Mapping[str, Any], at: str) -> None:
    enum = schema.get("enum", [None])
    if not isinstance(enum, list | tuple) or not enum:
        raise ValueError(f"{_spelled(_join(at, 'enum'))} is no list of at least one value")
    numbers = [value for value in [*enum, *schema.values()] if isinstance(value, int | float)]
    if any(not math.isfinite(number) or abs(number) > _LARGEST_EXACT for number in numbers):
        raise ValueError(f"{_spelled(at)} holds a number beyond 2^53, which JSON tools round; write it as text")


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _spelled(at: str) -> str:
    return f"at '{at[:120]}'" if at else "the schema"


Parameters = Annotated[Mapping[str, JsonValue], AfterValidator(parameters)]

"""The check of inputs against a pydantic model: everything wrong at once, and unknown values pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from components.lifecycle.values import UNKNOWN, holds_unknown

PROVIDER = "__provider"
DRIFT = "drift"
UNSETTLED = "unsettled"
OUTPUTS = frozenset({"status", "status_reason", UNSETTLED, DRIFT})


@dataclass(frozen=True)
class Failure:
    property: str
    reason: str


def checked(
    model: type[BaseModel],
    news: Mapping[str, Any],
    *,
    public: bool,
    normalised: frozenset[str] = frozenset(),
    unnamed: frozenset[str] = frozenset(),
) -> tuple[dict[str, Any], list[Failure]]:
    """
    Return the inputs to go on with, and everything wrong with them that can be said without I/O. Unknowns pass.

    Args:
        public: The object lives in TruGen's cloud, so its URLs must be reachable from the internet.
        normalised: Inputs that go on as *model* spells them.
        unnamed: Inputs whose failure names no property: the engine would print the value beside it.
    """
    given = {key: value for key, value in news.items() if key not in {PROVIDER, *OUTPUTS} and value is not None}
    try:
        valid = model.model_validate(given, by_alias=True, by_name=True, context={"public": public})
    except ValidationError as error:
        return given, [
            _failure(item["loc"], item["msg"].removeprefix("Value error, "), unnamed)
            for item in error.errors(include_url=False, include_context=False, include_input=False)
            if not _unknown_on_the_way(given, item["loc"])
        ]
    return {**given, **{key: getattr(valid, key) for key in normalised & given.keys()}}, []


def _failure(loc: tuple[int | str, ...], reason: str, unnamed: frozenset[str]) -> Failure:
    path = ".".join(map(str, loc))
    return Failure("", f"{path} {reason}") if path in unnamed else Failure(path, reason)


def _unknown_on_the_way(value: Any, loc: tuple[int | str, ...]) -> bool:
    for step in loc:
        if value == UNKNOWN:
            return True
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    return holds_unknown(value)

"""Where the inputs of an object stand: in its document, or behind calls of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.trugen.objects import Objects


@dataclass(frozen=True)
class Place:
    """
    One input on the wire.

    Args:
        writes: Copies; all are sent, and one that reads differently is drift.
        also_read: Other names under which a read may show it.
        refs: A list of ids here, a list of `{id}` there; order does not count.
        echoed: False for what no read documents and a mask may replace: the recorded value stands.
        hideable: A read may show it as null or as nothing, which says nothing.
        atomic: Compared and replaced as a whole: a member that somebody added is drift, and a PUT drops it.
    """

    writes: tuple[str, ...]
    also_read: tuple[str, ...] = ()
    refs: bool = False
    echoed: bool = True
    hideable: bool = False
    atomic: bool = False


@dataclass(frozen=True)
class Contents:
    """
    An input that no PUT carries: what it names is brought by calls of its own, once the id is known.

    Args:
        input: Its name.
        shown: The input as a document shows it; the declared value when nothing differs.
        bring: Make the object (by id) hold what the inputs say; may sleep. Raises: `TrugenError`, `ContentError`.
    """

    input: str
    shown: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
    bring: Callable[[Objects, str, Mapping[str, Any], Callable[[float], object]], None]


def in_our_words(place: Place, value: Any) -> Any:
    """Ids of attachments: reads show objects (TruGen's spec) or ids alone (its guide); null is none."""
    if not place.refs:
        return value
    if value is None:
        return []
    if not isinstance(value, list):
        return value
    return [ref["id"] if isinstance(ref, Mapping) and "id" in ref else ref for ref in value]

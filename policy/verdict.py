"""What a decision says about a resource."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy.seen import Seen


@dataclass(frozen=True)
class Violation:
    """*text* says what is wrong with which value, and what to do; never with a secret in it."""

    text: str


@dataclass(frozen=True)
class NotYet:
    """*what* can be judged in the run only."""

    what: str


Finding = Violation | NotYet
Settings = Mapping[str, Any]
"""A policy's part of `policy/config/<stack>.json`, its level aside."""
Decision = Callable[[Seen, Settings], Iterator[Finding]]


def not_yet(seen: Seen, *keys: str) -> Iterator[NotYet]:
    yield from map(NotYet, seen.unknown(*keys))

"""
What a workspace holds of one kind, as one process sees it: listed once for many, instead of one call for each.

A list costs a call per page, a look at one object a call: the list pays when about as many objects are asked for as it
has pages. Whether its items can stand in for reads is not documented, so one item is compared with its read first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from components.trugen.errors import TrugenError
from components.trugen.objects import PER_PAGE, Objects

# One missing object was deleted by somebody; that all of several were is less likely than a wrong key.
SUSPICIOUSLY_MANY = 2
# A list is believed this long: shorter than a run of many objects takes, longer than it takes to get through it once.
FRESH_S = 20.0
# So many are asked for singly before anybody thinks of a list.
FIRST_FEW = 3

Json = dict[str, Any]


@dataclass(frozen=True)
class _List:
    """One pass over the pages: when it began, and what it brings."""

    begun: float
    answer: Future[dict[str, Json]] = field(default_factory=Future)


class Roster:
    """
    Shared by all verbs of one kind in one process; its methods may be called from any thread.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: set[str] = set()
        self._missed: set[str] = set()
        self._asked = 0
        self._pages = 0
        self._counting = threading.Lock()
        self._comparing = threading.Lock()
        self._latest: _List | None = None
        self._items_are_whole: bool | None = None

    def mark(self, id_: str, *, is_there: bool) -> None:
        with self._lock:
            (self._found if is_there else self._missed).add(id_)

    def all_missing(self) -> set[str]:
        """Every object asked for, when none of them is there and they are several; else nothing."""
        with self._lock:
            return set() if self._found or len(self._missed) < SUSPICIOUSLY_MANY else set(self._missed)

    def listed(self, objects: Objects) -> dict[str, Json] | None:
        """All objects by id, at most `FRESH_S` old; None while a look at one is cheaper."""
        if objects.calls.paged and not self._worth_listing(objects):
            return None
        return self.since(self._clock() - FRESH_S, objects)

    def since(self, moment: float, objects: Objects) -> dict[str, Json]:
        """All objects by id as they were at or after *moment*; callers who come together share one list."""
        with self._lock:
            shared = self._latest if self._latest and self._latest.begun >= moment else None
            if shared is None:
                mine = self._latest = _List(self._clock())
        return shared.answer.result() if shared else self._filled(mine, objects)

    def now(self) -> float:
        return self._clock()

    def items_are_whole(self, item: Json, read: Callable[[], Json]) -> bool:
        """
        Whether items of a list can stand in for reads: learned from the first *item* asked about, for all.

        Args:
            read: Reads the object of *item* by its id; called once while others wait.
        """
        if self._items_are_whole is None:
            with self._comparing:
                if self._items_are_whole is None:
                    try:
                        self.compare(item, read())
                    except TrugenError:
                        return False
        return bool(self._items_are_whole)

    def compare(self, item: Json, read: Json) -> None:
        """Learn from one object; a disagreement is final."""
        alike = item | {"updated_at": ""} == read | {"updated_at": ""}
        with self._lock:
            self._items_are_whole = alike and self._items_are_whole is not False

    def _worth_listing(self, objects: Objects) -> bool:
        with self._lock:
            self._asked += 1
            asked = self._asked
        if asked <= FIRST_FEW:
            return False
        with self._counting:
            if not self._pages:
                self._pages = objects.count() // PER_PAGE + 1
        return asked * 2 >= self._pages

    def _filled(self, mine: _List, objects: Objects) -> dict[str, Json]:
        try:
            mine.answer.set_result({one["id"]: one for one in objects.search("")})
        except BaseException as error:  # noqa: BLE001 - raised in every thread that waits for it
            with self._lock:
                self._latest = None
            mine.answer.set_exception(error)
        return mine.answer.result()

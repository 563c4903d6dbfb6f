"""Did it take effect? TruGen echoes nothing and may drop a field, or a misplaced LLM, without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from components.lifecycle.kind import Inputs, Kind
from components.lifecycle.roster import Roster
from components.trugen.errors import NotFoundError, TrugenError, in_one_line
from components.trugen.objects import Objects

# A read may lag behind the write it follows: TruGen promises nothing about it.
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)


class ReadBack:
    """Compares what TruGen shows with what was sent, until they agree or the pauses are used up."""

    def __init__(
        self,
        kind: Kind,
        objects: Objects,
        roster: Roster,
        sleep: Callable[[float], object],
        say: Callable[[str], None],
    ) -> None:
        self._kind = kind
        self._objects = objects
        self._roster = roster
        self._sleep = sleep
        self._say = say

    def reason(self, id_: str, inputs: Inputs, item: Mapping[str, Any] | None = None) -> str:
        """
        Why the object is not verified, empty when it is. Never raises: the id is known, so it must be recorded.

        Args:
            item: The object as a list showed it just now; it answers without a read where items are known to be whole.
        """
        if item is not None and self._confirms(id_, inputs, item):
            return ""
        why = ""
        for pause_s in PAUSES_S:
            if pause_s:
                self._say(f"{why}; reading again in {pause_s:g} s")
                self._sleep(pause_s)
            try:
                document = self._objects.get(id_)
            except NotFoundError:
                why = f"TruGen does not show the {self._kind.noun} that it confirmed"
                continue
            except TrugenError as error:
                return f"it could not be read back ({in_one_line(error)})"
            why = self._told(document, inputs)
            if not why:
                if item is not None:
                    self._roster.compare(dict(item), document)
                return ""
        return why

    def _confirms(self, id_: str, inputs: Inputs, item: Mapping[str, Any]) -> bool:
        if self._kind.differences(item, inputs):
            return False
        return self._roster.items_are_whole(dict(item), lambda: self._objects.get(id_))

    def _told(self, document: Mapping[str, Any], inputs: Inputs) -> str:
        """One clause: which inputs TruGen shows otherwise, with values where those are no secret and short."""
        different = self._kind.differences(document, inputs)
        if not different:
            return ""
        seen = self._kind.observed(document, inputs)
        parts = [self._one(key, inputs.get(key), seen.get(key)) for key in different]
        return f"TruGen does not show what was sent: {', '.join(parts)}{self._kind.hint(different, inputs)}"

    def _one(self, key: str, sent: Any, shown: Any) -> str:
        plain = isinstance(sent, str | int | float) and isinstance(shown, str | int | float | None)
        if key in self._kind.secrets or not plain or sent == shown:
            return key
        return f"{key} is {str(shown)[:80]!r} instead of {str(sent)[:80]!r}"

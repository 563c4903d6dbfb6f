"""Which objects of the workspace are ours: the searches before and after a POST, and the twins they find."""

from __future__ import annotations

from collections.abc import Callable

from components.lifecycle.identity import age_order
from components.lifecycle.kind import Inputs, Json, Kind
from components.lifecycle.roster import Roster
from components.trugen.errors import NotFoundError
from components.trugen.objects import Objects

SEARCH_PAUSES_S = (0.0, 1.0, 2.0, 4.0)


class Own:
    """Finds, compares and removes objects that carry our name. Raises: TrugenError, from every method."""

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

    def before(self, inputs: Inputs) -> list[Json]:
        """What is there before we make anything; one list of the workspace may answer for many objects."""
        listed = self._roster.listed(self._objects)
        found = self._among(listed, inputs)
        # That list may be older than a deletion.
        return found if listed is None else [one for one in found if self._is_there(str(one["id"]), inputs)]

    def anywhere(self, inputs: Inputs) -> list[Json]:
        return self._among(None, inputs)

    def now(self, inputs: Inputs) -> list[Json]:
        """What is there from this moment on: a twin made by another run at the same time too."""
        if not self._objects.calls.paged:
            return self._among(self._roster.since(self._roster.now(), self._objects), inputs)
        found = self._objects.search(self._kind.remote_name(inputs))
        return [one for one in found if self._kind.is_own(inputs, one)]

    def patiently(self, inputs: Inputs) -> list[Json]:
        """`now`; a search that shows nothing lags, since there is one: it cannot speak about twins either."""
        for pause_s in SEARCH_PAUSES_S:
            if pause_s:
                self._say(f"TruGen does not list the {self._kind.noun} yet; looking again in {pause_s:g} s")
                self._sleep(pause_s)
            if own := self.now(inputs):
                return own
        return []

    def is_identical(self, id_: str, inputs: Inputs) -> bool:
        """Re-read by id: list items may show less than a read. Contents come later, so they do not count."""
        contents = {self._kind.contents.input} if self._kind.contents else set()
        try:
            return not set(self._kind.differences(self._objects.get(id_), inputs)) - contents
        except NotFoundError:
            return False

    def oldest(self, id_: str, rivals: list[Json]) -> str:
        return str(min([self._objects.get(id_), *rivals], key=age_order)["id"])

    def remove(self, id_: str) -> None:
        try:
            self._objects.delete(id_)
        except NotFoundError:
            return

    def _is_there(self, id_: str, inputs: Inputs) -> bool:
        """Gone only when neither a read nor a new search shows it: either may lag."""
        try:
            self._objects.get(id_)
        except NotFoundError:
            return any(one["id"] == id_ for one in self.anywhere(inputs))
        return True

    def _among(self, listed: dict[str, Json] | None, inputs: Inputs) -> list[Json]:
        """Whether the search matches parts of names is not documented, so it is asked for name and marker."""
        if listed is None:
            texts = [self._kind.remote_name(inputs)]
            texts += [] if inputs.get("exact_name") or not self._objects.calls.paged else [str(inputs["marker"])]
            listed = {one["id"]: one for text in texts for one in self._objects.search(text)}
        return [one for one in listed.values() if self._kind.is_own(inputs, one)]

"""
The verbs of a resource: dict in, dict out, no Pulumi.

Promise: when the faults stop and `up` runs again, TruGen holds exactly one object per declared one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.lifecycle import drift
from components.lifecycle.checks import DRIFT, UNSETTLED
from components.lifecycle.creation import Creation
from components.lifecycle.errors import AllGoneError, EditedError, GoneError
from components.lifecycle.kind import UNVERIFIED, Json, Kind
from components.lifecycle.own import Own
from components.lifecycle.read_back import ReadBack
from components.lifecycle.roster import Roster
from components.lifecycle.values import UNKNOWN, holds_unknown
from components.trugen.errors import NoAnswerError, NotFoundError, UnavailableError
from components.trugen.objects import Objects

SECOND_LOOK_AFTER_S = 1.0


class Lifecycle:
    """
    The verbs of one kind against one workspace.

    Args:
        roster: Shared by all verbs of the process for this kind.
        sleep: Seconds; replaceable in tests, like the client's.
        say: Told in one line about everything that takes long, and *note* about what belongs into the plan.
    """

    def __init__(
        self,
        kind: Kind,
        objects: Objects,
        *,
        roster: Roster,
        sleep: Callable[[float], object] = time.sleep,
        say: Callable[[str], None] = lambda _: None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._kind = kind
        self._objects = objects
        self._roster = roster
        self._sleep = sleep
        self._note = note
        self._read_back = ReadBack(kind, objects, roster, sleep, say)
        self._creation = Creation(kind, objects, Own(kind, objects, roster, sleep, say), self._read_back, sleep, say)

    def create(self, props: Mapping[str, Any]) -> tuple[str, Json]:
        """Return id and outputs. Raises only while no object of ours is known to exist."""
        return self._creation.create(self._kind.inputs_of(props))

    def adoption(self, props: Mapping[str, Any]) -> list[str]:
        """Names of the inputs that taking over would change, unknown ones aside; raises `NotFoundError`."""
        known = {key: value for key, value in self._kind.inputs_of(props).items() if not holds_unknown(value)}
        if self._kind.adopt not in known:
            return []
        return self._kind.differences(self._objects.get(known[self._kind.adopt]), known)

    def read(self, id_: str, props: Mapping[str, Any]) -> Json | None:
        """Outputs as TruGen shows them now, None when the object is gone. What it does not show keeps its record."""
        document = self._look(id_, props)
        if document is None:
            return None
        found = drift.seen(self._kind, document, props)
        if found.kept:
            self._note(f"was edited elsewhere, which `onDrift` keeps: {', '.join(sorted(found.kept))}")
        if found.others:
            self._note(f"was edited elsewhere: {', '.join(sorted(found.others))}")
        kept = {key: props[key] for key in ("status", "status_reason") if props.get(key) is not None}
        noted = {DRIFT: found.drift} if found.drift else {}
        return {"status": UNVERIFIED, **found.inputs, **noted, **kept, **self._about_twins(id_, props)}

    def update(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Json:
        """Send the complete document over whatever is there, and return the outputs."""
        inputs = self._kind.inputs_of(news)
        try:
            document = self._objects.get(id_)
            wanted, refused = drift.settled(self._kind, document, olds, inputs)
            if refused:
                raise EditedError(self._kind.noun, id_, refused)
            self._creation.write(id_, wanted, recorded=self._kind.inputs_of(olds), remote=document)
        except NotFoundError:
            raise GoneError(self._kind.noun, id_) from None
        reason = self._creation.filled(id_, wanted) or self._read_back.reason(id_, wanted)
        if olds.get("status") == UNVERIFIED or olds.get(UNSETTLED):
            # The create may have ended before it could take back a duplicate of its own.
            return self._creation.alone(id_, inputs, reason)
        return self._kind.outputs(inputs, reason)

    def delete(self, id_: str) -> None:
        """
        Gone already counts as done; an unanswered DELETE is looked after and repeated once.

        So is a 404: it may come from a replica that lags, and an object that is forgotten here stays for ever.
        """
        for last in (False, True):
            try:
                self._objects.delete(id_)
            except (NoAnswerError, UnavailableError, NotFoundError):
                if self._is_gone(id_):
                    return
                if last:
                    raise
            else:
                return

    def _is_gone(self, id_: str) -> bool:
        try:
            self._objects.get(id_)
        except NotFoundError:
            return True
        return False

    def _about_twins(self, id_: str, props: Mapping[str, Any]) -> Json:
        """A POST that nobody waited for may have taken effect after its run: then the next update clears up."""
        inputs = self._kind.inputs_of(props)
        twins = self._creation.twins(id_, inputs) if props.get(UNSETTLED) else []
        if not twins:
            return {}
        why = f"another {self._kind.noun} carries its marker ({', '.join(twins)})"
        return {"status": UNVERIFIED, "status_reason": why, UNSETTLED: True}

    def _look(self, id_: str, props: Mapping[str, Any]) -> Json | None:
        listed = self._roster.listed(self._objects)
        item = listed.get(id_) if listed else None
        is_as_recorded = item is not None and not self._kind.differences(item, self._kind.inputs_of(props))
        if item and is_as_recorded and self._roster.items_are_whole(item, lambda: self._objects.get(id_)):
            self._roster.mark(id_, is_there=True)
            return item
        try:
            document = self._objects.get(id_)
        except NotFoundError:
            return self._second_look(id_)
        if item:
            self._roster.compare(item, document)
        self._roster.mark(id_, is_there=True)
        return document

    def _second_look(self, id_: str) -> Json | None:
        """A single 404 may come from a replica that lags; dropping an object from the state would make a twin of it."""
        self._roster.mark(id_, is_there=False)
        self._sleep(SECOND_LOOK_AFTER_S)
        listed = next((one for one in self._objects.search(id_) if one["id"] == id_), None)
        if listed is None and self._is_gone(id_):
            missing = self._roster.all_missing()
            if missing:
                raise AllGoneError(self._kind.noun, missing)
            return None
        self._roster.mark(id_, is_there=True)
        return listed or self._objects.get(id_)


@dataclass(frozen=True)
class Difference:
    changed: list[str]
    replaces: list[str]


def diff(kind: Kind, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
    """*olds* are the recorded outputs. Only another object to adopt is another object; all else is an update."""
    adopted = news.get(kind.adopt)
    other = adopted is not None and adopted not in {id_, olds.get(kind.adopt), UNKNOWN}
    replaces = [kind.adopt] if other else []
    return Difference([*kind.changed(olds, news), *replaces], replaces)

"""
Making exactly one object with an API that has no idempotency key: search, POST, search again.

A crash can come between any two of these steps; the next run then finds the object by its marker and takes it over. An
object with an exact name is made under the marker, too, and renamed when it is alone.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic.alias_generators import to_camel

from components.lifecycle.errors import ContentError, NameTakenError, RivalError, UncertainError
from components.lifecycle.identity import age_order
from components.lifecycle.kind import Inputs, Json, Kind
from components.lifecycle.own import SEARCH_PAUSES_S, Own
from components.lifecycle.read_back import PAUSES_S, ReadBack
from components.trugen.errors import AmbiguousError, NotFoundError, RefusedError, TrugenError, in_one_line
from components.trugen.objects import Objects

CONFLICT = 409
# Unanswered POSTs may have made something; those that were turned away (429) have not, so more of them are tried.
MAX_UNANSWERED = 2
MAX_TURNED_AWAY = 10
NOT_LISTED = "TruGen does not list it yet, so it may hide a twin of it as well"


class Creation:
    """The create verb. Raises only while no object of ours is known; after that, problems become `status_reason`."""

    def __init__(
        self,
        kind: Kind,
        objects: Objects,
        own: Own,
        read_back: ReadBack,
        sleep: Callable[[float], object],
        say: Callable[[str], None],
    ) -> None:
        self._kind = kind
        self._objects = objects
        self._own = own
        self._read_back = read_back
        self._sleep = sleep
        self._say = say

    def create(self, inputs: Inputs) -> tuple[str, Json]:
        if self._kind.adopt in inputs:
            return self._adopted(str(inputs[self._kind.adopt]), inputs)
        existing = self._existing(inputs)
        if existing:
            # Who left it may have left another POST on the way.
            return existing, self._kind.outputs(inputs, self._overwritten(existing, inputs), unsettled=True)
        marked = self._kind.marked(inputs)
        id_, unsure = self._posted(marked)
        # After an unanswered POST the object found may be another run's: make it what this one declares.
        overwritten = self._overwritten(id_, marked) if unsure else ""

        def reason(own: list[Json]) -> str:
            if inputs.get("exact_name"):
                return self._overwritten(id_, inputs)  # renames it
            if unsure:
                return overwritten
            # A list from before the contents came says nothing about them.
            item = None if self._kind.contents else next((one for one in own if one["id"] == id_), None)
            return self.filled(id_, inputs) or self._read_back.reason(id_, inputs, item)

        return self._settled(id_, inputs, reason, unsure=unsure)

    def alone(self, id_: str, inputs: Inputs, reason: str) -> Json:
        """
        Outputs of the recorded *id_*, after the check for twins that its create could not finish.

        The older one stays; whatever is not exactly what is declared is left to the user.
        """
        marked = self._kind.marked(inputs)
        has_its_name = bool(inputs.get("exact_name"))
        try:
            own = self._own.now(marked) if has_its_name else self._own.patiently(marked)
            if not own and not has_its_name:
                return self._kind.outputs(inputs, NOT_LISTED)
            rivals = [one for one in own if one["id"] != id_]
            winner = id_ if has_its_name or not rivals else self._own.oldest(id_, rivals)
            twins = [one["id"] for one in rivals if one["id"] != winner]
            ours = [twin for twin in twins if self._own.is_identical(twin, marked)]
            for twin in [*ours, *([id_] if winner != id_ else [])]:
                self._own.remove(twin)
        except TrugenError as error:
            return self._kind.outputs(inputs, _unchecked(error))
        if winner != id_:
            raise RivalError(self._kind.noun, self._kind.remote_name(inputs), winner, id_)
        others = ", ".join(sorted(set(twins) - set(ours)))
        foreign = (
            f"another {self._kind.noun} carries its marker ({others}); delete it if it is a copy" if others else ""
        )
        return self._kind.outputs(inputs, reason or foreign)

    def twins(self, id_: str, inputs: Inputs) -> list[str]:
        """Ids of other objects that carry our marker."""
        return sorted(one["id"] for one in self._own.now(self._kind.marked(inputs)) if one["id"] != id_)

    def write(self, id_: str, inputs: Inputs, *, recorded: Inputs, remote: Json | None) -> None:
        """
        PUT *inputs* over *id_*. What *remote* holds beside them survives, unless the API refuses to take it back.

        Not even then for an adopted object: what is not declared of it was decided by somebody else.

        Raises: TrugenError.
        """
        plain = self._kind.body(inputs)
        document = plain if remote is None else self._kind.replacement(remote, recorded, inputs)
        try:
            self._objects.replace(id_, document)
        except RefusedError as error:
            if document == plain or error.status not in {400, 422} or self._kind.adopt in inputs:
                raise
            self._objects.replace(id_, plain)

    def filled(self, id_: str, inputs: Inputs) -> str:
        """Bring the contents of *id_*; returns why some are missing, empty when none is. Never raises."""
        if not self._kind.contents:
            return ""
        why = ""
        for pause_s in PAUSES_S:
            self._sleep(pause_s)
            try:
                self._kind.contents.bring(self._objects, id_, inputs, self._sleep)
            except NotFoundError:
                why = f"TruGen does not show the {self._kind.noun} that it confirmed"
            except (TrugenError, ContentError) as error:
                why = in_one_line(error)
                break
            else:
                return ""
        return f"its {self._kind.contents.input} are not complete ({why})"

    def _adopted(self, id_: str, inputs: Inputs) -> tuple[str, Json]:
        """Take over *id_*; nothing is written when it is as declared and everything declared can be read."""
        document = self._objects.get(id_)
        unread = [key for key, place in self._kind.places.items() if key in inputs and not place.echoed]
        if not unread and not self._kind.differences(document, inputs):
            return id_, self._kind.outputs(inputs)
        return id_, self._kind.outputs(inputs, self._overwritten(id_, inputs, document))

    def _existing(self, inputs: Inputs) -> str | None:
        """The object that an interrupted run of ours made, or one that has our exact name and passes for ours."""
        left = self._own.before(self._kind.marked(inputs))
        namesakes = self._own.before(inputs) if inputs.get("exact_name") else []
        if len(left) + len(namesakes) > 1:
            raise self._taken(inputs, [*left, *namesakes], f"several {self._kind.noun}s carry it")
        if namesakes:
            self._require_ours(namesakes, inputs)
        return next((str(one["id"]) for one in (*left, *namesakes)), None)

    def _require_ours(self, namesakes: list[Json], inputs: Inputs) -> None:
        policy = inputs.get("on_name_conflict", "adoptIdentical")
        if policy == "fail":
            raise self._taken(inputs, namesakes, "one carries it, and `onNameConflict` is `fail`")
        if policy == "adoptIdentical" and not self._own.is_identical(namesakes[0]["id"], inputs):
            why = f"the {self._kind.noun} that carries it is not what this stack declares"
            raise self._taken(inputs, namesakes, why)

    def _taken(self, inputs: Inputs, found: list[Json], why: str) -> NameTakenError:
        ids = [one["id"] for one in found]
        name = self._kind.remote_name(inputs)
        return NameTakenError(self._kind.noun, name, ids, why, to_camel(self._kind.adopt))

    def _posted(self, marked: Inputs) -> tuple[str, bool]:
        """Id of the object made, and whether an unanswered POST may have made another."""
        cause, unanswered, turned_away = "", 0, 0
        while unanswered < MAX_UNANSWERED and turned_away < MAX_TURNED_AWAY:
            try:
                return self._objects.create(self._kind.body(marked)), unanswered > 0
            except AmbiguousError as error:
                unanswered += not error.turned_away
                turned_away += error.turned_away
                found = self._awaited(marked, error)
                cause = error.cause
            except RefusedError as error:
                found = self._own.anywhere(marked) if error.status == CONFLICT else []
                if not found:
                    raise
            if found:
                return str(min(found, key=age_order)["id"]), True
        raise UncertainError(self._kind.noun, self._kind.remote_name(marked), cause)

    def _awaited(self, marked: Inputs, error: AmbiguousError) -> list[Json]:
        """Objects of ours that show up after an unanswered POST. None was there before it, so they come from it."""
        for pause_s in SEARCH_PAUSES_S[:1] if error.turned_away else SEARCH_PAUSES_S:
            wait_s = pause_s or error.retry_after_s
            if wait_s:
                self._say(f"TruGen did not answer the POST; searching for the {self._kind.noun} in {wait_s:g} s")
                self._sleep(wait_s)
            if found := self._own.anywhere(marked):
                return found
        return []

    def _settled(
        self, id_: str, inputs: Inputs, reason: Callable[[list[Json]], str], *, unsure: bool
    ) -> tuple[str, Json]:
        """
        Search again: of several objects of ours the oldest stays. Returns its id and outputs.

        Surely made by this run, the others are another run's: when that was first we take back what we just made and
        fail, and when we were first, it does. When we are *unsure*, an unanswered POST of ours may have made them: then
        the oldest is kept whoever made it, and the younger ones go.
        """
        try:
            own = self._own.patiently(self._kind.marked(inputs))
            if not own:
                return id_, self._kind.outputs(inputs, NOT_LISTED)
            rivals = [one for one in own if one["id"] != id_]
            if not rivals:
                return id_, self._kind.outputs(inputs, reason(own), unsettled=unsure)
            winner = self._own.oldest(id_, rivals)
            for one in [*(rivals if unsure else []), {"id": id_}]:
                if one["id"] != winner:
                    self._own.remove(one["id"])
        except TrugenError as error:
            return id_, self._kind.outputs(inputs, _unchecked(error))
        if winner == id_:
            # What is not ours to remove may be a live run's, which takes it back, or a dead one's: the next read says.
            return id_, self._kind.outputs(inputs, reason(own), unsettled=True)
        if not unsure:
            raise RivalError(self._kind.noun, self._kind.remote_name(inputs), winner, id_)
        return winner, self._kind.outputs(inputs, self._overwritten(winner, inputs), unsettled=True)

    def _overwritten(self, id_: str, inputs: Inputs, remote: Json | None = None) -> str:
        """PUT the whole document over *id_*; returns why it is not verified, empty when it is. Never raises."""
        try:
            self.write(id_, inputs, recorded={}, remote=remote)
        except TrugenError as error:
            return f"it could not be written ({in_one_line(error)})"
        return self.filled(id_, inputs) or self._read_back.reason(id_, inputs)


def _unchecked(error: TrugenError) -> str:
    """Unverified, so that the next `up` comes back to `alone` instead of leaving a twin."""
    return f"it could not be checked for a twin ({in_one_line(error)})"

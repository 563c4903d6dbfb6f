"""
Making exactly one object with an API that has no idempotency key: search, POST, search again.

A crash can come between any two of these steps; the next run then finds the object by its marker and takes it over.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic.alias_generators import to_camel

from components.lifecycle.errors import NameTakenError, RivalError, UncertainError
from components.lifecycle.identity import age_order
from components.lifecycle.kind import Inputs, Json, Kind
from components.lifecycle.read_back import ReadBack
from components.lifecycle.roster import Roster
from components.trugen.errors import AmbiguousError, NotFoundError, RefusedError, TrugenError
from components.trugen.objects import Objects

SEARCH_PAUSES_S = (0.0, 1.0, 2.0, 4.0)
CONFLICT = 409
# Unanswered POSTs may have made something; those that were turned away (429) have not, so more of them are tried.
MAX_UNANSWERED = 2
MAX_TURNED_AWAY = 10


class Creation:
    """The create verb. Raises only while no object of ours is known; after that, problems become `status_reason`."""

    def __init__(
        self,
        kind: Kind,
        objects: Objects,
        roster: Roster,
        read_back: ReadBack,
        sleep: Callable[[float], object],
        say: Callable[[str], None],
    ) -> None:
        self._kind = kind
        self._objects = objects
        self._roster = roster
        self._read_back = read_back
        self._sleep = sleep
        self._say = say

    def create(self, inputs: Inputs) -> tuple[str, Json]:
        if self._kind.adopt in inputs:
            return self._adopted(str(inputs[self._kind.adopt]), inputs)
        existing = self._existing(inputs)
        if existing:
            return existing, self._kind.outputs(inputs, self._overwritten(existing, inputs))
        id_, unsure = self._posted(inputs)
        return self._only(id_, inputs, unsure=unsure)

    def alone(self, id_: str, inputs: Inputs, reason: str) -> Json:
        """Outputs of the recorded *id_*, after the check for twins that its create could not finish."""
        kept, outs = self._settled(id_, inputs, lambda _: reason, late=self._is_identical)
        if kept != id_:
            raise RivalError(self._kind.noun, self._kind.remote_name(inputs), kept, id_)
        return outs

    def _adopted(self, id_: str, inputs: Inputs) -> tuple[str, Json]:
        """Take over *id_*; nothing is written when it is as declared and everything declared can be read."""
        document = self._objects.get(id_)
        unread = [key for key, place in self._kind.places.items() if key in inputs and not place.echoed]
        if not unread and not self._kind.differences(document, inputs):
            return id_, self._kind.outputs(inputs)
        return id_, self._kind.outputs(inputs, self._overwritten(id_, inputs, document))

    def _existing(self, inputs: Inputs) -> str | None:
        """The object that an interrupted run of ours left, by the rules for the kind of name."""
        found = self._own(inputs, self._roster.listed(self._objects))
        if not found:
            return None
        noun, name, ids = self._kind.noun, self._kind.remote_name(inputs), [one["id"] for one in found]
        if len(found) > 1:
            raise NameTakenError(noun, name, ids, f"several {noun}s carry it", to_camel(self._kind.adopt))
        policy = inputs.get("on_name_conflict", "adoptIdentical") if inputs.get("exact_name") else "adopt"
        if policy == "fail":
            why = "one carries it, and `onNameConflict` is `fail`"
            raise NameTakenError(noun, name, ids, why, to_camel(self._kind.adopt))
        if policy == "adoptIdentical" and not self._is_identical(ids[0], inputs):
            why = f"the {noun} that carries it is not what this stack declares"
            raise NameTakenError(noun, name, ids, why, to_camel(self._kind.adopt))
        return str(ids[0])

    def _posted(self, inputs: Inputs) -> tuple[str, bool]:
        """Id of the object made, and whether an unanswered POST may have made another."""
        cause, unanswered, turned_away = "", 0, 0
        while unanswered < MAX_UNANSWERED and turned_away < MAX_TURNED_AWAY:
            try:
                return self._objects.create(self._kind.body(inputs)), unanswered > 0
            except AmbiguousError as error:
                unanswered += not error.turned_away
                turned_away += error.turned_away
                found = self._awaited(inputs, error)
                cause = error.cause
            except RefusedError as error:
                found = self._own(inputs) if error.status == CONFLICT else []
                if not found:
                    raise
            if found:
                return str(min(found, key=age_order)["id"]), True
        raise UncertainError(self._kind.noun, self._kind.remote_name(inputs), cause)

    def _awaited(self, inputs: Inputs, error: AmbiguousError) -> list[Json]:
        """Objects of ours that show up after an unanswered POST. None was there before it, so they come from it."""
        for pause_s in SEARCH_PAUSES_S[:1] if error.turned_away else SEARCH_PAUSES_S:
            wait_s = pause_s or error.retry_after_s
            if wait_s:
                self._say(f"TruGen did not answer the POST; searching for the {self._kind.noun} in {wait_s:g} s")
                self._sleep(wait_s)
            found = [one for one in self._own(inputs) if self._is_ours(one["id"], inputs)]
            if found:
                return found
        return []

    def _only(self, id_: str, inputs: Inputs, *, unsure: bool) -> tuple[str, Json]:
        """Outputs of what was just made, verified, and without twins."""
        if unsure:
            # The object found may be another run's: make it what this one declares.
            reason = self._overwritten(id_, inputs)
            return self._settled(id_, inputs, lambda _: reason, late=self._is_ours)

        def read_back(own: list[Json]) -> str:
            return self._read_back.reason(id_, inputs, next((one for one in own if one["id"] == id_), None))

        return self._settled(id_, inputs, read_back, late=None)

    def _settled(
        self,
        id_: str,
        inputs: Inputs,
        reason: Callable[[list[Json]], str],
        *,
        late: Callable[[str, Inputs], bool] | None,
    ) -> tuple[str, Json]:
        """
        Search again: of several objects of ours the oldest stays. Returns its id and outputs.

        Without *late*, the others are another run's: when it was first we take back what we just made and fail, and
        when we were first, it does. With *late*, an unanswered POST of ours may have made them: then the oldest is
        kept whoever made it, and the younger ones that *late* recognises go.
        """
        try:
            own = self._own_now(inputs)
            rivals = [one for one in own if one["id"] != id_]
            if not rivals:
                return id_, self._kind.outputs(inputs, reason(own))
            winner = str(min([self._objects.get(id_), *rivals], key=age_order)["id"])
            for rival in rivals:
                if late and rival["id"] != winner and late(rival["id"], inputs):
                    self._removed(rival["id"])
            if winner != id_:
                self._removed(id_)
        except TrugenError as error:
            # Unverified, so that the next `up` comes back to `alone` instead of leaving a twin.
            why = f"it could not be checked for a twin ({str(error).splitlines()[0]})"
            return id_, self._kind.outputs(inputs, why)
        if winner == id_:
            return id_, self._kind.outputs(inputs, reason(own))
        if late is None:
            raise RivalError(self._kind.noun, self._kind.remote_name(inputs), winner, id_)
        return winner, self._kind.outputs(inputs, self._overwritten(winner, inputs))

    def _overwritten(self, id_: str, inputs: Inputs, remote: Json | None = None) -> str:
        """PUT the whole document over *id_*; returns why it is not verified, empty when it is. Never raises."""
        try:
            self.write(id_, inputs, recorded={}, remote=remote)
        except TrugenError as error:
            return f"it could not be written ({str(error).splitlines()[0]})"
        return self._read_back.reason(id_, inputs)

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

    def _own(self, inputs: Inputs, listed: dict[str, Json] | None = None) -> list[Json]:
        """Objects with our name. Whether the search matches parts of names is not documented: ask for both forms."""
        if listed is None:
            texts = [self._kind.remote_name(inputs)]
            texts += [] if inputs.get("exact_name") or not self._objects.calls.paged else [str(inputs["marker"])]
            listed = {one["id"]: one for text in texts for one in self._objects.search(text)}
        return [one for one in listed.values() if self._kind.is_own(inputs, one)]

    def _own_now(self, inputs: Inputs) -> list[Json]:
        """Objects with our name, as they are from this moment on: a twin made by another run at the same time too."""
        if self._objects.calls.paged:
            return [
                one for one in self._objects.search(self._kind.remote_name(inputs)) if self._kind.is_own(inputs, one)
            ]
        return self._own(inputs, self._roster.since(self._roster.now(), self._objects))

    def _is_ours(self, id_: str, inputs: Inputs) -> bool:
        """With a marker the name says it; an exact name may be anybody's, so the content has to agree."""
        return not inputs.get("exact_name") or self._is_identical(id_, inputs)

    def _is_identical(self, id_: str, inputs: Inputs) -> bool:
        """Re-read by id: list items may show less than a read."""
        try:
            return not self._kind.differences(self._objects.get(id_), inputs)
        except NotFoundError:
            return False

    def _removed(self, id_: str) -> None:
        try:
            self._objects.delete(id_)
        except NotFoundError:
            return

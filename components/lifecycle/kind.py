"""
What tells one kind of object from another, and every question about its inputs and documents that needs no I/O.

Sent: everything declared, on every PUT, since TruGen resets what a PUT leaves out (its api-reference/agentupdate).
Compared: what is declared and came back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.lifecycle import identity
from components.lifecycle.checks import PROVIDER, UNSETTLED, Failure
from components.lifecycle.place import Contents, Place, in_our_words
from components.lifecycle.values import (
    ABSENT,
    UNKNOWN,
    canonical,
    drop,
    holds_unknown,
    member,
    overlaid,
    put,
    reduced,
    whole,
    without,
)
from components.trugen.calls import Calls

VERIFIED = "verified"
UNVERIFIED = "unverified"

Inputs = Mapping[str, Any]
Json = dict[str, Any]

# Set by the server; a PUT may repeat them (TruGen's own sample does), but they are not ours to send.
_SERVER_MEMBERS = ("id", "created_at", "updated_at")


def _plain(path: str, _: str) -> list[list[str]]:
    return [path.split(".")]


def _nothing_missing(_: Mapping[str, Any]) -> list[str]:
    return []


def _no_hint(_: list[str], __: Inputs) -> str:
    return ""


def _no_credentials(_: Inputs) -> list[str]:
    return []


def _overwrite(_: str, __: Inputs) -> str:
    return "overwrite"


@dataclass(frozen=True)
class Kind:
    """
    One kind of object.

    Args:
        noun: For messages.
        places: Where each input stands in a document.
        inputs: Names of everything declared about one.
        secrets: Inputs that hold, or may hold, a token or a prompt.
        label: The input at whose end the marker stands on the wire.
        exact_label: The input by which an object is found when it carries no marker (`exact_name`).
        check: Inputs to go on with, and what is wrong with them (checks.py).
        adopt: The input that names an object to take over.
        not_compared: Inputs whose change brings nothing to TruGen.
        server_members: Dotted members of a read that are the server's own and never sent back.
        spell: Real paths of a dotted one under a placement.
        indexed: Members of a document that are lists of objects, addressed by number in *places*.
        missing: Names of inputs of which a document that lacks them shows that they did not take effect.
        hint: What to try when these inputs are shown otherwise.
        policy: `overwrite`, `keep` or `fail`: what becomes of an input that was changed elsewhere.
        credentials: Of all secrets those that are keys, whose shortest pieces have to stay out of messages.
        contents: What separate calls bring.
    """

    noun: str
    calls: Calls
    places: Mapping[str, Place]
    inputs: frozenset[str]
    secrets: frozenset[str]
    label: str
    exact_label: str
    check: Callable[..., tuple[Json, list[Failure]]]
    adopt: str = "adopt_id"
    not_compared: frozenset[str] = frozenset()
    server_members: tuple[str, ...] = _SERVER_MEMBERS
    unordered: frozenset[str] = frozenset()
    indexed: frozenset[str] = frozenset()
    spell: Callable[[str, str], list[list[str]]] = _plain
    missing: Callable[[Mapping[str, Any]], list[str]] = _nothing_missing
    hint: Callable[[list[str], Inputs], str] = _no_hint
    policy: Callable[[str, Inputs], str] = _overwrite
    credentials: Callable[[Inputs], list[str]] = _no_credentials
    contents: Contents | None = None

    def inputs_of(self, props: Mapping[str, Any]) -> Json:
        """The inputs among *props*, which may be outputs: floats that are whole numbers become integers again."""
        return {key: whole(value) for key, value in props.items() if key in self.inputs and value is not None}

    @staticmethod
    def marked(inputs: Inputs) -> Inputs:
        """*inputs* under the marker, whether or not the object will keep it."""
        return {**inputs, "exact_name": False} if inputs.get("exact_name") else inputs

    def remote_name(self, inputs: Inputs) -> str:
        """What a person sees in the console, and what a search is made for."""
        return identity.labelled(inputs, self.label if not inputs.get("exact_name") else self.exact_label)

    def is_own(self, inputs: Inputs, document: Mapping[str, Any]) -> bool:
        """Exact, since the API's search also finds `bot-10` for `bot-1`."""
        if inputs.get("exact_name"):
            return self.same(self.exact_label, self._read(self.exact_label, document), inputs[self.exact_label])
        return identity.carries_marker(inputs, self._read(self.label, document))

    def body(self, inputs: Inputs) -> Json:
        """The complete document for POST and PUT."""
        return self._listed(self._by_number(inputs, str(inputs.get("placement", "nested"))))

    def replacement(self, remote: Mapping[str, Any], recorded: Inputs, wanted: Inputs) -> Json:
        """
        The document for a PUT over *remote*: what was never declared stays as it is there, members unknown to us too.

        What *recorded* had and *wanted* has not is left out, so it goes back to TruGen's default.
        """
        rest = self._sendable(remote)
        for inputs in (recorded, wanted):
            rest = without(rest, self._by_number(inputs, "both"))
        return self._listed(overlaid(rest, self._by_number(wanted, str(wanted.get("placement", "nested")))))

    def observed(self, document: Mapping[str, Any], inputs: Inputs) -> Json:
        """*inputs* with every value that TruGen shows differently replaced by what it shows."""
        shown = {
            key: self._overlaid(key, place, inputs[key], document)
            for key, place in self.places.items()
            if inputs.get(key) is not None and place.echoed and key != self.label
        }
        if self.contents and self.contents.input in inputs:
            shown[self.contents.input] = self.contents.shown(document, inputs)
        label = self._read(self.label, document)
        if not isinstance(label, str) or self.same(self.label, identity.labelled(inputs, self.label), label):
            return {**inputs, **shown}
        return {**inputs, **shown, **identity.shown_label(inputs, self.label, label)}

    def differences(self, document: Mapping[str, Any], inputs: Inputs) -> list[str]:
        """Names of the declared inputs that *document* shows otherwise."""
        seen = self.observed(document, inputs)
        different = [
            key for key in inputs if seen[key] is not inputs[key] and not self.same(key, inputs[key], seen[key])
        ]
        return sorted({*different, *self.missing(document)})

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
        """
        What an update has to bring: names of inputs that differ from the recorded outputs *olds*.

        A moved provider counts: the old path stays in the outputs until an update, and breaks delete when it is gone
        (measured, CLI 3.259). So does a status that is not `verified`: the next `up` tries again.
        """
        found = [
            key
            for key in sorted(self.inputs - self.not_compared)
            if holds_unknown(news.get(key)) or not self.same(key, olds.get(key), news.get(key))
        ]
        if olds.get(PROVIDER) != news.get(PROVIDER) and news.get(PROVIDER) != UNKNOWN:
            found.append(PROVIDER)
        if olds.get("status") != VERIFIED:
            found.append("status")
        return found

    def outputs(self, inputs: Inputs, reason: str = "", *, unsettled: bool = False) -> Json:
        """
        The recorded state: the inputs, and whether a read-back confirmed them.

        Args:
            reason: Why it did not.
            unsettled: A twin of the object may still appear, so the next read looks for one.
        """
        status = {"status": UNVERIFIED if reason else VERIFIED, "status_reason": reason}
        return {**self.inputs_of(inputs), **status, **({UNSETTLED: True} if unsettled else {})}

    def same(self, key: str, one: Any, other: Any) -> bool:
        unordered = key in self.unordered
        return bool(canonical(one, unordered=unordered) == canonical(other, unordered=unordered))

    def _by_number(self, inputs: Inputs, placement: str) -> Json:
        document: Json = {}
        for key, place in self.places.items():
            if inputs.get(key) is not None:
                value = identity.labelled(inputs, key) if key == self.label else whole(inputs[key])
                value = [{"id": id_} for id_ in value] if place.refs else value
                for path in place.writes:
                    for steps in self.spell(path, placement):
                        put(document, steps, value)
        return document

    def _listed(self, document: Json) -> Json:
        lists = {key: document[key] for key in self.indexed & document.keys()}
        return {
            **document,
            **{key: [items[number] for number in sorted(items, key=int)] for key, items in lists.items()},
        }

    def _sendable(self, remote: Mapping[str, Any]) -> Json:
        """*remote* as it may be sent back: without the server's own members, attachments as their ids."""
        document: Json = copy.deepcopy(dict(remote))
        for key in self.indexed & document.keys():
            document[key] = {str(number): item for number, item in enumerate(document[key] or [])}
        for path in self.server_members:
            drop(document, path.split("."))
        for place in self.places.values():
            for path in place.writes:
                if place.refs and path in document:
                    document[path] = [{"id": id_} for id_ in in_our_words(place, document[path])]
                if place.hideable or place.atomic or not place.echoed:
                    for steps in self.spell(path, "both"):
                        drop(document, steps)
        return document

    def _read(self, key: str, document: Mapping[str, Any]) -> Any:
        found = [member(document, steps) for path in self.places[key].writes for steps in self.spell(path, "both")]
        return next((value for value in found if value is not ABSENT), None)

    def _overlaid(self, key: str, place: Place, declared: Any, document: Mapping[str, Any]) -> Any:
        """The declared value, or the first copy that differs; of two placements of one, one that agrees is enough."""
        for path in (*place.writes, *place.also_read):
            values = [member(document, steps) for steps in self.spell(path, "both")]
            values = [in_our_words(place, one) for one in values if one is not ABSENT]
            values = [whole(value) if place.atomic else reduced(declared, value) for value in values]
            values = [value for value in values if value or not place.hideable]
            if values and not any(self.same(key, declared, value) for value in values):
                return values[0]
        return declared

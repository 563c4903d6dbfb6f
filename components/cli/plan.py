"""
What a run of the Pulumi CLI would do, or found: read from its event log and its plan file. Pure.

`preview --json` would be one source instead of two, but shows secrets as `[secret]` on both sides, so that a new prompt
is no difference, and says nothing while it runs; `refresh --json` does not say which object drifted (seen, CLI 3.259).
A plan file names each changed input and holds secrets encrypted. Values are read here from nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

# What the SDK and our providers keep beside the inputs: changes of theirs mean nothing to a reader.
_INTERNAL = frozenset({"__provider", "progress_urn", "drift"})
# The stack itself, and the engine's own provider that reads the last run's outputs.
_UNREMARKABLE = ("pulumi:pulumi:Stack", "pulumi:providers:pulumi")
_NOT_OBJECTS = ("pulumi:pulumi:Stack", "pulumi:providers:")


@dataclass(frozen=True)
class Resource:
    """An object by its URN, `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`."""

    urn: str

    @property
    def name(self) -> str:
        return self.urn.split("::", 3)[3]

    @property
    def type(self) -> str:
        return self.urn.split("::", 3)[2].split("$")[-1]

    @property
    def kind(self) -> str:
        """`trugen:Agent` of `pulumi-python:dynamic/trugen:Agent`, `docker:Container` of `docker:index/…:Container`."""
        package, *middle, last = self.type.removeprefix("pulumi-python:dynamic/").split(":")
        return f"{package}:{last}" if middle or package else last


@dataclass(frozen=True)
class Step:
    """`op` as the engine calls it; `changed` are names of inputs, never values."""

    op: str
    resource: Resource
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """A message of severity `error`, `warning` or `info`, about one object or none."""

    severity: str
    text: str
    resource: Resource | None = None


@dataclass(frozen=True)
class Plan:
    """`steps` without those that change nothing; `counts` of all of them by op."""

    steps: tuple[Step, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    said: tuple[Said, ...] = ()

    def texts(self, *severities: str) -> list[Said]:
        return [said for said in self.said if said.severity in severities]


def planned(events: Iterable[Json], saved: Json) -> Plan:
    """
    What a preview plans.

    Args:
        events: Lines of the event log.
        saved: The plan file; empty when the preview was refused, and the names of inputs are then not known.
    """
    events = list(events)
    ops = {_urn(event["resourcePreEvent"]): _op(event["resourcePreEvent"]) for event in _of(events, "resourcePreEvent")}
    changing = {urn: op for urn, op in ops.items() if op not in {"same", "refresh", "read"}}
    plans = saved.get("resourcePlans", {})
    steps = (Step(op, Resource(urn), _planned_inputs(plans.get(urn, {}))) for urn, op in changing.items())
    remarkable = tuple(step for step in steps if step.resource.type not in _UNREMARKABLE)
    return Plan(remarkable, _counts(events), _said(events))


def drifted(events: Iterable[Json]) -> Plan:
    """What a refresh found otherwise than recorded: `update` for an edited object, `delete` for one that is gone."""
    events = list(events)
    read = (event["resOutputsEvent"]["metadata"] for event in _of(events, "resOutputsEvent"))
    steps = [
        Step(found["op"], Resource(found["urn"]), changed)
        for found in read
        if not found["type"].startswith(_NOT_OBJECTS) and not found.get("logical")
        for changed in [_different(found)]
        if found["op"] == "delete" or (found["op"] == "update" and changed)
    ]
    return Plan(tuple(steps), _counts(events), _said(events))


def _of(events: Iterable[Json], kind: str) -> Iterable[Json]:
    return (event for event in events if kind in event)


def _urn(event: Json) -> str:
    return str(event["metadata"]["urn"])


def _op(event: Json) -> str:
    return str(event["metadata"]["op"])


def _planned_inputs(plan: Json) -> tuple[str, ...]:
    difference = plan.get("goal", {}).get("inputDiff", {})
    names = {*difference.get("adds", {}), *difference.get("updates", {}), *difference.get("deletes", [])}
    return tuple(sorted(names - _INTERNAL))


def _different(found: Json) -> tuple[str, ...]:
    """
    Names of what *found* shows otherwise.

    A provider that is a program of its own says them (`diffs`); dynamic ones are compared here. A secret is `[secret]`
    on both sides, so our own note counts too.
    """
    old, new = found.get("old") or {}, found.get("new") or {}
    if not new:
        return ()
    if found.get("diffs") is not None:
        return tuple(sorted(found["diffs"]))
    names = set((new.get("inputs") or {}).get("drift") or {})
    for part in ("inputs", "outputs"):
        before, after = old.get(part) or {}, new.get(part) or {}
        names |= {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return tuple(sorted(names - _INTERNAL))


def _counts(events: Iterable[Json]) -> dict[str, int]:
    return {
        op: number
        for event in _of(events, "summaryEvent")
        for op, number in (event["summaryEvent"].get("resourceChanges") or {}).items()
    }


def _said(events: Iterable[Json]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys([*_diagnostics(events), *_violations(events)]))


def _diagnostics(events: Iterable[Json]) -> Iterable[Said]:
    for event in _of(events, "diagnosticEvent"):
        told = event["diagnosticEvent"]
        # Not `info#err`: what a program prints on standard error may hold anything.
        if told["severity"] in {"error", "warning", "info"} and not told.get("ephemeral"):
            urn = told.get("urn")
            yield Said(told["severity"], told["message"].strip(), Resource(urn) if urn else None)


def _violations(events: Iterable[Json]) -> Iterable[Said]:
    for event in _of(events, "policyEvent"):
        told = event["policyEvent"]
        severity = "error" if told.get("enforcementLevel") == "mandatory" else "warning"
        urn = told.get("resourceUrn")
        yield Said(
            severity, f"policy {told.get('policyName')}: {told['message'].strip()}", Resource(urn) if urn else None
        )

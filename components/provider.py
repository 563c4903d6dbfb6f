"""
The dynamic provider of every kind of object: Pulumi's calls in, lifecycle's answers out.

A class per kind stands in a module of its own (their paths are state format) and names its kind, nothing else: it holds
nothing when it is pickled, and `configure` runs in the provider process only.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from components import progress, workers
from components.foreseen import foreseen
from components.lifecycle import drift, verbs
from components.lifecycle.checks import DRIFT, Failure
from components.lifecycle.errors import LifecycleError
from components.lifecycle.kind import Kind
from components.lifecycle.values import holds_unknown
from components.lifecycle.verbs import Lifecycle
from components.trugen.address import CLOUD_API_URL
from components.trugen.client import TrugenClient
from components.trugen.errors import NotFoundError, TrugenError
from components.unknowns import spelled_out
from components.workspace import Workspace

EDITED = (
    "edited outside of this stack, and `onDrift` says `fail`.\n"
    "  Declare what is there now, or set `onDrift` of that group to `overwrite` or `keep`; then run `pulumi up` again."
)


class ObjectProvider(ResourceProvider):
    serialize_as_secret_always = False

    kind: ClassVar[Kind]
    _workspace: Workspace

    def configure(self, req: ConfigureRequest) -> None:
        """
        Take URL and key.

        A key in the environment wins, since `refresh` and `destroy` use the config of the last `up` and would not
        see a rotated one (measured, CLI 3.259). It is never sent to a sandbox: it is a real key.
        """
        workers.widen()
        sandbox = req.config.get("trugen:sandbox") == "true"
        from_environment = None if sandbox else os.environ.get("TRUGEN_API_KEY")
        self._workspace = Workspace.shared(
            api_url=req.config.get("trugen:apiUrl") or ("" if sandbox else CLOUD_API_URL),
            api_key=from_environment or req.config.get("trugen:apiKey") or "",
            sandbox=sandbox,
            ca_bundle=req.config.get("trugen:caBundle"),
            max_calls_per_s=float(req.config.get("trugen:maxCallsPerS") or 0) or None,
        )

    @foreseen(TrugenError, LifecycleError)
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        inputs, failures = self.kind.check(spelled_out(news), public=not self._workspace.sandbox)
        is_new = self.kind.label not in _olds
        if is_new and not failures and self.kind.adopt in inputs:
            failures = self._announced_adoption(inputs)
        if edited := drift.refused(self.kind, _olds, self.kind.inputs_of(inputs)):
            failures.append(Failure("", f"{', '.join(edited)} {EDITED}"))
        return CheckResult(inputs, [self._told(failure) for failure in failures])

    @foreseen(TrugenError, LifecycleError)
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        difference = verbs.diff(self.kind, _id, _olds, spelled_out(_news))
        return DiffResult(changes=bool(difference.changed), replaces=difference.replaces)

    @foreseen(TrugenError, LifecycleError)
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(*self._lifecycle(props).create(props))

    @foreseen(TrugenError, LifecycleError)
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        outs = self._lifecycle(props).read(id_, props)
        if outs is None:
            return ReadResult("", {})
        # Inputs too: otherwise a refresh shows drift as outputs that the next `up` does not touch; the plan after it is
        # wrong as well (pulumi/pulumi#13839). The note on drift is for `check`, which sees inputs only.
        noted = {key: outs[key] for key in (DRIFT,) if key in outs}
        return ReadResult(id_, outs, {**self.kind.inputs_of(outs), **noted})

    @foreseen(TrugenError, LifecycleError)
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._lifecycle(_news, _olds).update(_id, _olds, _news))

    @foreseen(TrugenError, LifecycleError)
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._lifecycle(_props).delete(_id)

    def _told(self, failure: Failure) -> CheckFailure:
        """Beside a property's name the engine prints its value, a secret's too and in clear (seen, CLI 3.259)."""
        if failure.property.split(".", maxsplit=1)[0] in self.kind.secrets:
            return CheckFailure("", f"{failure.property} {failure.reason}")
        return CheckFailure(failure.property, failure.reason)

    def _announced_adoption(self, inputs: dict[str, Any]) -> list[Failure]:
        """Pulumi plans an adoption as a create and shows no difference, so the plan says here what would change."""
        noun, adopted = self.kind.noun, inputs[self.kind.adopt]
        try:
            different = self._lifecycle(inputs).adoption(inputs)
        except NotFoundError:
            step = f"look the id up in the TruGen console, or remove it to have the {noun} made anew"
            return [Failure(self.kind.adopt, f"names no {noun} of this workspace; {step}")]
        changes = ", ".join(different) or "nothing"
        unknown = ", ".join(sorted(key for key in self.kind.inputs_of(inputs) if holds_unknown(inputs[key])))
        line = f"adopts {noun} {adopted}; changes: {changes}"
        line += f"; known only in the run: {unknown}" if unknown else ""
        progress.report(str(inputs.get("progress_urn") or ""), line, keep=True)
        return []

    def _lifecycle(self, *props: Mapping[str, Any]) -> Lifecycle:
        """A lifecycle per call: only the secrets of this object have to be kept out of this call's messages."""
        urn = str(props[0].get("progress_urn") or "")
        say = functools.partial(progress.report, urn)
        note = functools.partial(progress.report, urn, keep=True)
        client = TrugenClient(
            self._workspace.api_url,
            self._workspace.api_key,
            credentials=[text for bag in props for text in self.kind.credentials(bag)],
            prose=[text for bag in props for key in self.kind.secrets for text in _texts(bag.get(key))],
            ca_bundle=self._workspace.ca_bundle,
            pace=self._workspace.pace,
            on_wait=say,
        )
        roster = self._workspace.roster(self.kind.noun)
        return Lifecycle(self.kind, client.objects(self.kind.calls), roster=roster, say=say, note=note)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return []

"""
The dynamic provider of the agent: Pulumi's calls in, lifecycle's answers out.

This module's path and the class name are state format (`__provider`): moving them needs an ADR and a shim. The class
holds nothing when it is pickled; `configure` runs in the provider process only.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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

from components import progress
from components.agent.inputs import SECRET_INPUTS, Failure
from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle, check, diff
from components.foreseen import foreseen
from components.lifecycle.errors import LifecycleError
from components.lifecycle.roster import Roster
from components.lifecycle.values import holds_unknown
from components.trugen.address import CLOUD_API_URL
from components.trugen.client import TrugenClient
from components.trugen.errors import NotFoundError, TrugenError
from components.unknowns import spelled_out


@dataclass(frozen=True)
class Connection:
    """One workspace, from the provider's own configuration; shared by the threads of a process."""

    api_url: str
    api_key: str = field(repr=False)
    sandbox: bool
    ca_bundle: str | None
    roster: Roster = field(default_factory=Roster)


class TrugenAgentProvider(ResourceProvider):
    serialize_as_secret_always = False

    _connection: Connection

    def configure(self, req: ConfigureRequest) -> None:
        """
        Take URL and key.

        A key in the environment wins, since `refresh` and `destroy` use the config of the last `up` and would not
        see a rotated one (measured, CLI 3.259). It is never sent to a sandbox: it is a real key.
        """
        sandbox = req.config.get("trugen:sandbox") == "true"
        from_environment = None if sandbox else os.environ.get("TRUGEN_API_KEY")
        self._connection = Connection(
            api_url=req.config.get("trugen:apiUrl") or ("" if sandbox else CLOUD_API_URL),
            api_key=from_environment or req.config.get("trugen:apiKey") or "",
            sandbox=sandbox,
            ca_bundle=req.config.get("trugen:caBundle"),
        )

    @foreseen(TrugenError, LifecycleError)
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        inputs, failures = check(spelled_out(news), sandbox=self._connection.sandbox)
        is_new = "agent_name" not in _olds
        if is_new and not failures and "adopt_agent_id" in inputs:
            failures = self._announced_adoption(inputs)
        return CheckResult(inputs, [CheckFailure(failure.property, failure.reason) for failure in failures])

    @foreseen(TrugenError, LifecycleError)
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        difference = diff(_id, _olds, spelled_out(_news))
        return DiffResult(changes=bool(difference.changed), replaces=difference.replaces)

    @foreseen(TrugenError, LifecycleError)
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(*self._lifecycle(props).create(props))

    @foreseen(TrugenError, LifecycleError)
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        outs = self._lifecycle(props).read(id_, props)
        # Inputs too: otherwise a refresh shows drift as outputs that the next `up` does not touch; the plan after it is
        # wrong as well (pulumi/pulumi#13839).
        return ReadResult("", {}) if outs is None else ReadResult(id_, outs, AGENT.inputs_of(outs))

    @foreseen(TrugenError, LifecycleError)
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._lifecycle(_news, _olds).update(_id, _olds, _news))

    @foreseen(TrugenError, LifecycleError)
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._lifecycle(_props).delete(_id)

    def _announced_adoption(self, inputs: dict[str, Any]) -> list[Failure]:
        """Pulumi plans an adoption as a create and shows no difference, so the plan says here what would change."""
        try:
            different = self._lifecycle(inputs).adoption(inputs)
        except NotFoundError:
            step = "look the id up in the TruGen console, or remove it to have the agent made anew"
            return [Failure("adopt_agent_id", f"names no agent of this workspace; {step}")]
        changes = ", ".join(different) or "nothing"
        unknown = ", ".join(sorted(key for key in AGENT.inputs_of(inputs) if holds_unknown(inputs[key])))
        line = f"adopts agent {inputs['adopt_agent_id']}; changes: {changes}"
        line += f"; known only in the run: {unknown}" if unknown else ""
        progress.report(str(inputs.get("progress_urn") or ""), line, keep=True)
        return []

    def _lifecycle(self, *props: Mapping[str, Any]) -> AgentLifecycle:
        """A lifecycle per call: only the secrets of this agent have to be kept out of this call's messages."""
        urn = str(props[0].get("progress_urn") or "")
        say = functools.partial(progress.report, urn)
        client = TrugenClient(
            self._connection.api_url,
            self._connection.api_key,
            credentials=[str(bag["llm_token"]) for bag in props if bag.get("llm_token")],
            prose=[text for bag in props for key in SECRET_INPUTS for text in _texts(bag.get(key))],
            ca_bundle=self._connection.ca_bundle,
            on_wait=say,
        )
        return AgentLifecycle(client, roster=self._connection.roster, say=say)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return []

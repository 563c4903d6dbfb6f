"""What the state of a stack records, as `pulumi stack export` shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.cli import engine

_WORKSPACE = "pulumi:providers:pulumi-python"
_NAME_OF_THE_WORKSPACE = "trugen"


@dataclass(frozen=True)
class Workspace:
    """Where the stack's agents live, as its last run was told."""

    api_url: str
    api_key: str | None = field(repr=False)
    is_sandbox: bool
    ca_bundle: str | None


@dataclass(frozen=True)
class Recorded:
    """
    Args:
        resources: Those whose deletion is pending, too: they are known.
        pending: Operations that a run began and whose end no state holds.
    """

    resources: list[dict[str, Any]] = field(repr=False)
    pending: list[dict[str, Any]] = field(repr=False)

    def ids(self, type_: str) -> dict[str, str]:
        """Names of the resources of a type, by id."""
        return {one["id"]: name_of(one) for one in self.resources if one["type"] == type_ and "id" in one}

    def begun(self, type_: str) -> set[str]:
        """Names of the resources of a type that a pending operation is about."""
        return {name_of(one["resource"]) for one in self.pending if one["resource"]["type"] == type_}

    def workspace(self) -> Workspace | None:
        for one in self.resources:
            if one["type"] == _WORKSPACE and name_of(one) == _NAME_OF_THE_WORKSPACE:
                inputs = one.get("inputs", {})
                if "trugen:apiUrl" in inputs:
                    return Workspace(
                        inputs["trugen:apiUrl"],
                        _plain(inputs.get("trugen:apiKey")),
                        inputs.get("trugen:sandbox") == "true",
                        inputs.get("trugen:caBundle"),
                    )
        return None

    def unfinished(self) -> Iterator[str]:
        """`creating ada`, for each pending operation."""
        for one in self.pending:
            yield f"{one['type']} {name_of(one['resource'])}"


def read(stack: str) -> Recorded | None:
    """None when there is no state, or none that this environment can read."""
    deployment = engine.deployment(stack)
    if deployment is None:
        return None
    return Recorded(deployment.get("resources") or [], deployment.get("pending_operations") or [])


def name_of(resource: Mapping[str, Any]) -> str:
    """Last part of its URN, `urn:pulumi:<stack>::<project>::<type>::<name>`."""
    return str(resource["urn"]).rpartition("::")[2]


def _plain(value: Any) -> str | None:
    """A string, or a secret one as `--show-secrets` writes it."""
    text: str | None = json.loads(value["plaintext"]) if isinstance(value, dict) else value
    return text

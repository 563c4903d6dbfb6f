"""The resources a program declares: `TrugenAgent`, and `AgentVerified` beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
from pulumi.dynamic import Resource
from pulumi.resource import create_urn

from components.agent.document import AgentDocument
from components.agent.inputs import SECRET_INPUTS
from components.agent.provider import TrugenAgentProvider
from components.agent.verified import AgentVerifiedProvider, AllVerifiedProvider
from components.lifecycle.identity import marker
from components.lifecycle.kind import VERIFIED

# A replacement carries the same marker: made first, it would be the old object, taken over and then deleted.
GONE_BEFORE_REPLACED = pulumi.ResourceOptions(delete_before_replace=True)
EMBED_ROOT = "https://app.trugen.ai/embed"


class Verifiable(Protocol):
    """A resource that says whether TruGen shows it as declared."""

    @property
    def id(self) -> pulumi.Output[str]: ...

    status: pulumi.Output[str]
    status_reason: pulumi.Output[str]


@dataclass(frozen=True)
class TrugenAgentArgs:
    """
    An agent and the LLM it talks through.

    Args:
        document: What the user declares; a subclass with more fields is fine, they stay behind.
        llm_model: As the server lists it.
        llm_url: Base URL, version segment included. Take it from the readiness gate, so that nothing points at an
            endpoint before it has answered. None, like the token, for a provider of TruGen's own.
        llm_token: Bearer credential; TruGen requires one even for an open server.
        llm_provider: `custom` for an endpoint outside of TruGen, else one of those that TruGen offers.
        attached: Replaces lists of ids in the document, `{"tool": [tool.id]}`: the agent then waits for these, and
            they go after it.
    """

    document: AgentDocument
    llm_model: pulumi.Input[str]
    llm_url: pulumi.Input[str] | None = None
    llm_token: pulumi.Input[str] | None = None
    llm_provider: str = "custom"
    attached: Mapping[str, Sequence[pulumi.Input[str]]] = field(default_factory=dict)


class TrugenAgent(Resource, module="trugen", name="Agent"):
    """
    One agent; its id is the resource's id. Pass `provider=` with the workspace (`trugen:apiUrl`, `trugen:apiKey`).

    `status` is `verified` when TruGen shows what was declared, else `unverified` with a `status_reason`; that does not
    fail the run, since a failed create would forget the id: add an `AgentVerified`.
    """

    status: pulumi.Output[str]
    status_reason: pulumi.Output[str]

    def __init__(self, name: str, args: TrugenAgentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        endpoint = {"llm_url": args.llm_url, "llm_token": args.llm_token}
        declared = {
            **args.document.to_props(),
            **args.attached,
            "llm_provider": args.llm_provider,
            "llm_model": args.llm_model,
            **{key: value for key, value in endpoint.items() if value is not None},
            "marker": marker(pulumi.get_project(), pulumi.get_stack(), name),
            "progress_urn": create_urn(name, "pulumi-python:dynamic/trugen:Agent", opts.parent if opts else None),
        }
        secret = {key: pulumi.Output.secret(declared[key]) for key in SECRET_INPUTS & declared.keys()}
        props = {**declared, **secret, "status": None, "status_reason": None}
        super().__init__(TrugenAgentProvider(), name, props, pulumi.ResourceOptions.merge(opts, GONE_BEFORE_REPLACED))

    @property
    def embed_url(self) -> pulumi.Output[str]:
        """The page on which people talk to the agent. From the id, which stays known while an update is previewed."""
        return self.id.apply(lambda id_: f"{EMBED_ROOT}/{id_}")


class AgentVerified(Resource, module="trugen", name="AgentVerified"):
    """Fails the run when *agent* is not verified. The agent stays recorded, so the next `up` tries again."""

    def __init__(self, name: str, agent: TrugenAgent, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {"agent_id": agent.id, "status": agent.status, "status_reason": agent.status_reason}
        super().__init__(AgentVerifiedProvider(), name, props, opts)


class AllVerified(Resource, module="trugen", name="AllVerified"):
    """Fails the run when one of *objects* is not verified. They stay recorded, so the next `up` tries again."""

    def __init__(
        self, name: str, objects: Mapping[str, Verifiable], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        told = {
            key: pulumi.Output.all(one.id, one.status, one.status_reason).apply(_verdict)
            for key, one in objects.items()
        }
        unverified = pulumi.Output.all(**told).apply(lambda all_: {key: why for key, why in all_.items() if why})
        super().__init__(AllVerifiedProvider(), name, {"unverified": unverified}, opts)


def _verdict(shown: Sequence[str]) -> str:
    id_, status, reason = shown
    return "" if status == VERIFIED else f"{id_}: {reason or 'its status is unknown'}"

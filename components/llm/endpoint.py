"""One declared LLM, from its container to the proof that it answers the way TruGen will ask."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi

from components.llm.document import HostedLlm, SelfHosted
from components.llm.gate.needs import Needs
from components.llm.gateway.slots import Choice
from components.llm.llm_secrets import Secrets
from components.llm.names import Names, slot_at
from components.llm.ready_gate import ChatCompletionsReady, ReadyGateArgs
from components.urls import is_loopback

if TYPE_CHECKING:
    from components.llm.deployed import Deployed

_TYPE = "trugen-llm:index:LlmEndpoint"


class LlmEndpoint(pulumi.ComponentResource):
    """
    A chat-completions endpoint that has been proven: whoever uses one of its outputs waits for the proof.

    *needs* is what its agents ask of it beyond a streamed answer. *choices* are the slots of the engines of ours, by
    the name of the LLM.
    """

    provider = "custom"
    """As TruGen calls every endpoint outside of it."""
    agent_url: pulumi.Output[str]
    """Root that TruGen calls, version segment included."""
    model: pulumi.Output[str]
    token: pulumi.Output[str]
    """Secret."""
    outputs: dict[str, Any]
    """What a person wants to know about it."""
    form: Mapping[str, Any]
    """What TruGen's Developer Studio asks for."""

    def __init__(
        self,
        name: str,
        args: SelfHosted | HostedLlm,
        secrets: Secrets,
        needs: Needs,
        choices: Mapping[str, Choice],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(_TYPE, name, {}, opts)
        self._deployed: Deployed | None = None
        if isinstance(args, HostedLlm):
            if args.caution:
                pulumi.log.warn(f"llms.{name}: {args.caution}.", self)
            self.token = pulumi.Output.secret(str(secrets.token))  # demanded by the rules of the stack file
            proof = _served_elsewhere(args, self.token)
        else:
            # Inside: a stack of hosted endpoints needs no Docker provider.
            from components.llm import deployed  # noqa: PLC0415 - see above

            self._deployed = deployed.Deployed(name, args, secrets, choices[name], self, partial(_row, name))
            self.token, proof = self._deployed.token, self._deployed.proof
        gate = ChatCompletionsReady(
            name,
            ReadyGateArgs(
                **proof,
                **args.ready.model_dump(),
                progress_urn=_row(name, "ChatCompletionsReady"),
                needs_tools=needs.tools,
                needs_vision=needs.vision,
                system_prompt_bytes=needs.system_prompt_bytes,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.agent_url = gate.agent_url
        self.model = gate.model
        self.outputs = {
            "endpoint": gate.agent_url,
            "model": gate.model,
            "engine": args.engine,
            "healthy": gate.healthy,
            "evidence": gate.evidence.apply(_in_few_lines),
        }
        if self._deployed is not None:
            names = Names(pulumi.get_project(), pulumi.get_stack(), name)
            self.outputs["live_container"] = gate.gateway.apply(partial(_live_container, names))
            if self._deployed.ca_certificate is not None:
                self.outputs["ca_certificate"] = self._deployed.ca_certificate
        self.form = {"llm": name, "api_url": gate.agent_url, "model_name": gate.model, "token": self.token}
        self.register_outputs({})

    def retire_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Close what the agents used before, once *after*, all that may have used this endpoint, have moved on."""
        if self._deployed is not None:
            self._deployed.retire_former(after)


def _served_elsewhere(args: HostedLlm, token: pulumi.Output[str]) -> Mapping[str, Any]:
    """What the gate has to know of an endpoint that others run."""
    return {
        "base_url": args.url,
        "model": args.model,
        "engine": args.engine,
        "token": token,
        "auth_required": not is_loopback(args.url),
    }


def _live_container(names: Names, gateway: Mapping[str, str]) -> str | None:
    """Name of the container with the engine that the gate has led the *gateway* to."""
    slot = slot_at(gateway["address"])
    return slot and names.engine(slot)


def _in_few_lines(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence with a line per check: `pulumi up` shows all outputs after every run."""
    checks = {check["id"]: f"{check['verdict']}: {check['detail']}" for check in evidence["checks"]}
    return {**evidence, "checks": checks}


def _row(name: str, kind: str) -> str:
    """
    URN of the dynamic resource *name* inside the endpoint of that name, for its own progress.

    As text, since an output of a parent cannot be an input of its child: Pulumi takes that for a cycle.
    """
    return (
        f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{_TYPE}$pulumi-python:dynamic/trugen:{kind}::{name}"
    )

"""One declared LLM, from its container to the proof that it answers the way TruGen will ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from components.llm.document import HostedLlm, OllamaLlm, SelfHosted
from components.llm.gate.needs import Needs
from components.llm.gateway import addresses
from components.llm.gateway.slots import Choice
from components.llm.llm_secrets import Secrets, engine_files
from components.llm.ready_gate import ChatCompletionsReady, ReadyGateArgs
from components.llm.token import BearerToken
from components.llm.unused_models import UnusedModels
from components.urls import is_loopback

if TYPE_CHECKING:
    from components.llm.gateway.drain import DrainArgs

_TYPE = "trugen-llm:index:LlmEndpoint"


@dataclass(frozen=True)
class _Behind:
    """What of a gateway has to be put in order once the agents have moved."""

    drain: "DrainArgs"
    ollama_url: str | None


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
    outputs: Mapping[str, Any]
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
        self._name = name
        self._behind: _Behind | None = None
        if isinstance(args, HostedLlm):
            proven = self._served_elsewhere(args, secrets)
        else:
            proven = self._deployed(args, secrets, choices[name])
        gate = ChatCompletionsReady(
            name,
            ReadyGateArgs(
                **proven,
                **args.ready.model_dump(),
                progress_urn=_row("ChatCompletionsReady", name),
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
        self.form = {"llm": name, "api_url": gate.agent_url, "model_name": gate.model, "token": self.token}
        self.register_outputs({})

    def _served_elsewhere(self, args: HostedLlm, secrets: Secrets) -> dict[str, Any]:
        """What the gate has to know of an endpoint that others run."""
        if args.caution:
            pulumi.log.warn(f"llms.{self._name}: {args.caution}.", self)
        self.token = self._public_token(secrets)
        return {
            "base_url": args.url,
            "model": args.model,
            "engine": args.engine,
            "token": self.token,
            "auth_required": not is_loopback(args.url),
        }

    def _deployed(self, args: SelfHosted, secrets: Secrets, choice: Choice) -> dict[str, Any]:
        """Engine, gateway and model; what the gate has to know of them."""
        # Inside: a stack of hosted endpoints needs no Docker provider.
        from components.llm.gateway.drain import DrainArgs  # noqa: PLC0415 - see above
        from components.llm.gateway.gateway import Gateway, GatewayTokens  # noqa: PLC0415 - see above
        from components.llm.models import ModelPlace, OllamaModel  # noqa: PLC0415 - see above
        from components.llm.server import LlmServer  # noqa: PLC0415 - see above

        name, child = self._name, pulumi.ResourceOptions(parent=self)
        server = LlmServer(name, args, choice, child, engine_files(args, secrets))
        private_token = BearerToken(f"{name}-private", child).value
        public_token = self._public_token(secrets, args.gateway.token_generation)
        gateway = Gateway(name, args, server, GatewayTokens(public_token, private_token), child)
        self.token = gateway.token
        engine_url = addresses.engine_url(args, choice.slot)
        place: dict[str, pulumi.Input[str]] = {
            "volume": gateway.volume,
            "image": gateway.image_id,
            "address": server.address,
        }
        # Another container or other weights have to be proven again.
        trigger = server.container_id
        if isinstance(args, OllamaLlm):
            held = ModelPlace(engine_url, private_token, server.container_id, place, server.egress_network)
            opts = pulumi.ResourceOptions(parent=self, depends_on=[gateway])
            model = OllamaModel(name, args, held, _row("OllamaModel", name), opts)
            trigger = pulumi.Output.concat(server.container_id, "/", model.digest)
        self._behind = _Behind(
            DrainArgs(
                gateway=place,
                model=args.agent_model,
                token=self.token,
                private_url=addresses.private_url(args),
                private_token=private_token,
                drain_s=args.gateway.drain_s,
                progress_urn=_row("Drain", name),
            ),
            engine_url if isinstance(args, OllamaLlm) else None,
        )
        return {
            "base_url": f"{engine_url}/v1",
            "public_url": gateway.container_id.apply(lambda _: addresses.agent_url(args)),
            "model": args.agent_model,
            "engine": args.facts.name,
            "token": self.token,
            "private_token": private_token,
            "container_id": server.container_id,
            "trigger": trigger,
            "gateway": place,
            "auth_required": True,
            "gpu": args.hardware != "cpu",
        }

    def _public_token(self, secrets: Secrets, generation: int = 1) -> pulumi.Output[str]:
        if secrets.token:
            return pulumi.Output.secret(secrets.token)
        return BearerToken(self._name, pulumi.ResourceOptions(parent=self), generation).value

    def retire_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Close what the agents used before, once *after*, those that use this endpoint, have moved on."""
        if self._behind is None:
            return
        from components.llm.gateway.drain import Drain  # noqa: PLC0415 - see _deployed

        behind = self._behind
        drained = Drain(self._name, behind.drain, pulumi.ResourceOptions(parent=self, depends_on=after))
        if behind.ollama_url is not None:
            opts = pulumi.ResourceOptions(parent=self, depends_on=[drained])
            UnusedModels(self._name, behind.ollama_url, behind.drain.private_token, self.model, opts)


def _in_few_lines(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence with a line per check: `pulumi up` shows all outputs after every run."""
    checks = {check["id"]: f"{check['verdict']}: {check['detail']}" for check in evidence["checks"]}
    return {**evidence, "checks": checks}


def _row(kind: str, name: str) -> str:
    """
    URN of the dynamic resource *name* inside the endpoint of that name, for its own progress.

    As text, since an output of a parent cannot be an input of its child: Pulumi takes that for a cycle.
    """
    return (
        f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{_TYPE}$pulumi-python:dynamic/trugen:{kind}::{name}"
    )

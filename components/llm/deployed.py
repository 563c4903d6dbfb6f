"""An LLM of ours: engine, gateway, model, and what becomes of the former ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from components.llm.document import OllamaLlm, SelfHosted
from components.llm.gateway import addresses
from components.llm.gateway.authority import GatewayAuthority, GatewayAuthorityArgs
from components.llm.gateway.drain import Drain, DrainArgs
from components.llm.gateway.gateway import Gateway, GatewayTokens
from components.llm.gateway.slots import Choice
from components.llm.llm_secrets import Secrets, engine_files
from components.llm.models import ModelPlace, OllamaModel
from components.llm.names import Names
from components.llm.server import LlmServer
from components.llm.token import BearerToken
from components.llm.unused_models import UnusedModels

_PROVEN_BESIDE = "llms.{name}: a new engine comes up in slot {new}; slot {old} is live until the new one is proven."


class Deployed:
    """
    *args* in the slot of *choice*, under the resource *parent*.

    *row* gives the URN of a dynamic resource there, by the name of its class.
    """

    token: pulumi.Output[str]
    """Secret; known once the gateway accepts it."""
    proof: Mapping[str, Any]
    """What the gate has to know: arguments of `ReadyGateArgs`."""
    ca_certificate: pulumi.Output[str] | None
    """PEM, when the gateway is its own certificate authority."""

    def __init__(
        self,
        name: str,
        args: SelfHosted,
        secrets: Secrets,
        choice: Choice,
        parent: pulumi.Resource,
        row: Callable[[str], str],
    ) -> None:
        self._name, self._args, self._row, self._parent = name, args, row, parent
        child = pulumi.ResourceOptions(parent=parent)
        public = (
            pulumi.Output.secret(secrets.token)
            if secrets.token
            else BearerToken(name, child, args.gateway.token_generation).value
        )
        if choice.beside is not None:
            pulumi.log.info(_PROVEN_BESIDE.format(name=name, new=choice.slot, old=choice.beside), parent)
        self._private_token = BearerToken(f"{name}-private", child).value
        engine_key = BearerToken(f"{name}-engine", child).value
        server = LlmServer(name, args, choice, child, _engine_files(args, secrets, engine_key))
        tokens = GatewayTokens(public, self._private_token, engine_key, secrets.tunnel_token)
        gateway = Gateway(name, args, server, tokens, child)
        self.token = gateway.token
        self.ca_certificate = self._authority(args, gateway)
        self._place: dict[str, pulumi.Input[str]] = {
            "volume": gateway.volume,
            "image": gateway.image_id,
            "address": server.address,
        }
        self._containers = [server, gateway]
        self._engine_url = addresses.engine_url(args, choice.slot)
        # Another container, other weights, and another door have to be proven again.
        trigger = pulumi.Output.concat(server.container_id, "/", gateway.files_mark)
        if isinstance(args, OllamaLlm):
            trigger = pulumi.Output.concat(trigger, "/", self._model(args, server, gateway).digest)
        self.proof = {
            "base_url": f"{self._engine_url}/v1",
            "public_url": pulumi.Output.all(gateway.url, self.ca_certificate).apply(lambda both: str(both[0])),
            "model": args.agent_model,
            "engine": args.facts.name,
            "token": self.token,
            "private_token": self._private_token,
            "container_id": server.container_id,
            "trigger": trigger,
            "gateway": self._place,
            "auth_required": True,
            "gpu": args.hardware != "cpu",
        }

    def _authority(self, args: SelfHosted, gateway: Gateway) -> pulumi.Output[str] | None:
        tls = args.gateway.tls
        if tls is None or not tls.internal:
            return None
        names = Names(pulumi.get_project(), pulumi.get_stack(), self._name)
        found = GatewayAuthorityArgs(
            volume=names.certificates,
            image=gateway.image_id,
            container=names.gateway,
            url=addresses.agent_url(args),
            progress_urn=self._row("GatewayAuthority"),
        )
        opts = pulumi.ResourceOptions(parent=self._parent, depends_on=[gateway])
        return GatewayAuthority(self._name, found, opts).certificate

    def _model(self, args: OllamaLlm, server: LlmServer, gateway: Gateway) -> OllamaModel:
        place = ModelPlace(
            self._engine_url, self._private_token, server.container_id, self._place, server.egress_network
        )
        opts = pulumi.ResourceOptions(parent=self._parent, depends_on=[gateway])
        return OllamaModel(self._name, args, place, self._row("OllamaModel"), opts)

    def retire_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Close the token, the model's name and the engine that *after*, the agents, used before they moved."""
        drained = Drain(
            self._name,
            DrainArgs(
                gateway=self._place,
                owner=Names(pulumi.get_project(), pulumi.get_stack(), self._name).owner,
                model=self._args.agent_model,
                token=self.token,
                private_url=addresses.private_url(self._args),
                private_token=self._private_token,
                drain_s=self._args.gateway.drain_s,
                progress_urn=self._row("Drain"),
            ),
            # The containers themselves: when the LLM goes they may go only after its streams.
            pulumi.ResourceOptions(parent=self._parent, depends_on=[*after, *self._containers]),
        )
        if isinstance(self._args, OllamaLlm):
            opts = pulumi.ResourceOptions(parent=self._parent, depends_on=[drained])
            UnusedModels(self._name, self._engine_url, self._private_token, self._args.agent_model, opts)


def _engine_files(
    args: SelfHosted, secrets: Secrets, engine_key: pulumi.Output[str]
) -> Mapping[str, pulumi.Output[str]]:
    def content(file: str) -> pulumi.Output[str]:
        return engine_key.apply(lambda key: engine_files(args, secrets, key)[file])

    return {file: content(file) for file in engine_files(args, secrets)}

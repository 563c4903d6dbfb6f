"""One declared LLM, from its container to the proof that it answers the way TruGen will ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.llm.document import AnthropicLlm, HostedLlm, OllamaLlm, SelfHosted
from components.llm.engines import LITELLM_CONFIG
from components.llm.gate.needs import Needs
from components.llm.litellm_config import litellm_config
from components.llm.ready_gate import ChatCompletionsReady, ReadyGateArgs
from components.llm.token import BearerToken
from components.llm.unused_models import UnusedModels
from components.urls import is_loopback

_TYPE = "trugen-llm:index:LlmEndpoint"
# Where every client of the Hugging Face hub looks: `$HF_HOME/token`, and our engines' HF_HOME is their volume.
_HUB_TOKEN_FILE = "token"  # noqa: S105 - the name of a file, not its content


@dataclass(frozen=True, repr=False)
class Secrets:
    """
    *token* is the one the endpoint's gateway or provider expects. Without one it is generated, since TruGen demands a
    token even for an open server. *hub_token* reads a private repository; *provider_key* pays for a proxied model.
    """

    token: str | None = None
    hub_token: str | None = None
    provider_key: str | None = None


class LlmEndpoint(pulumi.ComponentResource):
    """
    A chat-completions endpoint that has been proven: whoever uses one of its outputs waits for the proof.

    *needs* is what its agents ask of it beyond a streamed answer.
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
        self, name: str, args: SelfHosted | HostedLlm, secrets: Secrets, needs: Needs, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(_TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.token = pulumi.Output.secret(secrets.token) if secrets.token else BearerToken(name, child).value
        self._name = name
        self._secrets = secrets
        self._own_api_url: pulumi.Output[str] | None = None
        if isinstance(args, HostedLlm) and args.caution:
            pulumi.log.warn(f"llms.{name}: {args.caution}.", self)
        gate = ChatCompletionsReady(
            name,
            ReadyGateArgs(
                **(self._deployed(name, args) if isinstance(args, SelfHosted) else {"base_url": args.url}),
                **args.ready.model_dump(),
                model=args.agent_model if isinstance(args, SelfHosted) else args.model,
                engine=args.facts.name if isinstance(args, SelfHosted) else args.engine,
                token=self.token,
                progress_urn=_row("ChatCompletionsReady", name),
                needs_tools=needs.tools,
                needs_vision=needs.vision,
                system_prompt_bytes=needs.system_prompt_bytes,
                auth_required=_is_exposed(args),
                gpu=isinstance(args, SelfHosted) and args.hardware != "cpu",
            ),
            child,
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

    def _deployed(self, name: str, args: SelfHosted) -> dict[str, Any]:
        """Server and model; what the gate has to know of them."""
        # Inside: a stack of hosted endpoints needs no Docker provider.
        from components.llm.models import OllamaModel  # noqa: PLC0415 - see above
        from components.llm.server import LlmServer  # noqa: PLC0415 - see above

        child = pulumi.ResourceOptions(parent=self)
        server = LlmServer(name, args, child, self._secret_files(args))
        # Another container or other weights have to be proven again.
        trigger = server.container_id
        if isinstance(args, OllamaLlm):
            model = OllamaModel(name, args, server, _row("OllamaModel", name), child)
            trigger = pulumi.Output.concat(server.container_id, "/", model.digest)
            self._own_api_url = server.api_url
        return {
            "base_url": server.base_url,
            "public_url": args.public_url,
            "container_id": server.container_id,
            "trigger": trigger,
        }

    def _secret_files(self, args: SelfHosted) -> Mapping[str, pulumi.Input[str]]:
        """What the container needs to know that nobody else may."""
        key = self._secrets.provider_key
        if isinstance(args, AnthropicLlm) and key:
            return {LITELLM_CONFIG: self.token.apply(lambda token: litellm_config(args, token, key))}
        hub_token = self._secrets.hub_token
        return {_HUB_TOKEN_FILE: hub_token} if hub_token else {}

    def remove_unused_models(self, after: Sequence[pulumi.Resource]) -> None:
        """Drop models that this endpoint served before, once *after*, the agents that use it, have moved on."""
        if self._own_api_url is not None:
            opts = pulumi.ResourceOptions(parent=self, depends_on=after)
            UnusedModels(self._name, self._own_api_url, self.model, opts)


def _is_exposed(args: SelfHosted | HostedLlm) -> bool:
    """Whether others than this machine can call the URL that TruGen will call."""
    url = args.public_url if isinstance(args, SelfHosted) else args.url
    return url is not None and not is_loopback(url)


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

"""The gate between an LLM and the agents that use it: a resource that exists only once the endpoint is proven."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from components.llm.ready_gate_provider import ReadyGateProvider


@dataclass(frozen=True)
class ReadyGateArgs:
    """
    What to prove, and how patiently.

    Args:
        base_url: API root as reached from here.
        model: As the engine spells it.
        engine: An engine's name, or `hosted` for an endpoint that others run: that one is asked once, never in a loop.
        token: Bearer token the agent will send.
        public_url: API root as TruGen reaches it, when that is another one: it is proven too.
        trigger: Any value that changes when the endpoint has to be proven again, such as the container's id.
        container_id: Watched while waiting, so that a crash ends the wait at once.
        stall_timeout_s: Longest time without a byte, log line or phase change.
        timeout_s: Longest time in all.
        successes: Good streams in a row.
        ttft_budget_s: Limit for the median time to first token, of warm requests.
        ttft_budget_action: What a missed budget does.
        progress_urn: Row of the CLI that shows the progress.
        needs_tools: Whether an agent calls tools: then a call and its answer are proven too.
        needs_vision: Whether an agent sends images: then one is sent.
        system_prompt_bytes: Length of the longest system prompt; it has to fit into the context window.
        auth_required: Whether an endpoint that lets anybody in is refused.
        gpu: Whether the engine has to run on a GPU.
        private_token: What `base_url` expects, when that is a door of its own.
        gateway: `volume`, `image` and `address` behind the public URL's gateway, when it is ours: it is led to the
            address once that is proven at `base_url`, and stays where it was when anything fails.
    """

    base_url: pulumi.Input[str]
    model: pulumi.Input[str]
    engine: pulumi.Input[str]
    token: pulumi.Input[str]
    public_url: pulumi.Input[str] | None = None
    trigger: pulumi.Input[str] = ""
    container_id: pulumi.Input[str] | None = None
    stall_timeout_s: pulumi.Input[float] = 180.0
    timeout_s: pulumi.Input[float] = 1200.0
    successes: pulumi.Input[int] = 2
    ttft_budget_s: pulumi.Input[float] | None = None
    ttft_budget_action: pulumi.Input[Literal["warn", "fail"]] = "warn"
    progress_urn: pulumi.Input[str] = ""
    needs_tools: pulumi.Input[bool] = False
    needs_vision: pulumi.Input[bool] = False
    system_prompt_bytes: pulumi.Input[int] = 0
    auth_required: pulumi.Input[bool] = False
    gpu: pulumi.Input[bool] = False
    private_token: pulumi.Input[str] | None = None
    gateway: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None


class ChatCompletionsReady(pulumi.dynamic.Resource, module="trugen", name="ChatCompletionsReady"):
    """
    Ready: the endpoint streamed a chat completion as TruGen needs it. Its name is that of the LLM in the stack file.

    Give agents `agent_url` and `model` of the gate, not of the server: then the graph itself proves before it repoints.
    """

    base_url: pulumi.Output[str]
    agent_url: pulumi.Output[str]
    """The public URL, or the base URL when there is none."""
    model: pulumi.Output[str]
    gateway: pulumi.Output[Mapping[str, str]]
    """As the arguments say; its address is live."""
    evidence: pulumi.Output[dict[str, Any]]
    """What was seen when it was proven last: checks, `ttft_s`, `tokens_per_s`, capabilities."""
    healthy: pulumi.Output[bool]
    """False when the last refresh found the endpoint dead; the next `up` waits for it again."""

    def __init__(self, name: str, args: ReadyGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {
            "base_url": args.base_url,
            # An input, although it only repeats another: what is echoed stays known in a preview.
            "agent_url": args.base_url if args.public_url is None else args.public_url,
            "model": args.model,
            "engine": args.engine,
            "token": pulumi.Output.secret(args.token),
            "trigger": args.trigger,
            "container_id": args.container_id,
            "stall_timeout_s": args.stall_timeout_s,
            "timeout_s": args.timeout_s,
            "successes": args.successes,
            "ttft_budget_s": args.ttft_budget_s,
            "ttft_budget_action": args.ttft_budget_action,
            "progress_urn": args.progress_urn,
            "needs_tools": args.needs_tools,
            "needs_vision": args.needs_vision,
            "system_prompt_bytes": args.system_prompt_bytes,
            "auth_required": args.auth_required,
            "gpu": args.gpu,
            "private_token": None if args.private_token is None else pulumi.Output.secret(args.private_token),
            "gateway": args.gateway,
            "llm": name,
            "evidence": None,
            "healthy": None,
        }
        super().__init__(ReadyGateProvider(), name, props, opts)

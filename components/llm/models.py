"""A model on an Ollama server, as a resource of its own: containers come and go, pulled weights stay."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.llm.document import OllamaLlm
from components.llm.model_provider import OllamaModelProvider


@dataclass(frozen=True)
class ModelPlace:
    """
    Where a model goes: the server at *api_url*, whose door expects *token*, in the container *container_id*.

    *gateway* holds `volume`, `image` and `address`, as the gate is given it. *egress_network* is the way out that a
    pull needs; None when nothing is pulled.
    """

    api_url: str
    token: pulumi.Input[str]
    container_id: pulumi.Input[str]
    gateway: Mapping[str, pulumi.Input[str]]
    egress_network: pulumi.Input[str] | None


class OllamaModel(pulumi.dynamic.Resource, module="trugen", name="OllamaModel"):
    """
    The model of *args* at *place*: pulled by its tag, or imported from a GGUF file under that name.

    Importing other weights under the same name replaces the model in place, before anything is proven; give new weights
    a new `model` name and the old one stays until the agents have moved.
    """

    model: pulumi.Output[str]
    digest: pulumi.Output[str]
    """Of the manifest, as found on the server."""
    size_bytes: pulumi.Output[int]

    def __init__(
        self, name: str, args: OllamaLlm, place: ModelPlace, progress_urn: str, opts: pulumi.ResourceOptions
    ) -> None:
        gguf = args.gguf
        props = {
            "api_url": place.api_url,
            "token": pulumi.Output.secret(place.token),
            "server": place.container_id,
            "gateway": place.gateway,
            "egress_network": place.egress_network,
            "model": args.model,
            "pinned_digest": args.digest,
            "gguf_path": gguf and gguf.path,
            "adapter_path": gguf and gguf.adapter,
            "template": gguf and gguf.template,
            "parameters": gguf and dict(gguf.parameters),
            # A system prompt may be confidential.
            "system": pulumi.Output.secret(gguf.system) if gguf and gguf.system else None,
            "stall_timeout_s": args.ready.stall_timeout_s,
            "progress_urn": progress_urn,
            "digest": None,
            "size_bytes": None,
        }
        super().__init__(OllamaModelProvider(), name, props, opts)

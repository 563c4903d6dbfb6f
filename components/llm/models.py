"""A model on an Ollama server, as a resource of its own: containers come and go, pulled weights stay."""

import pulumi

from components.llm.document import OllamaLlm
from components.llm.model_provider import OllamaModelProvider
from components.llm.server import LlmServer


class OllamaModel(pulumi.dynamic.Resource, module="trugen", name="OllamaModel"):
    """
    The model of *args* on *server*: pulled by its tag, or imported from a GGUF file under that name.

    Importing other weights under the same name replaces the model in place, before anything is proven; give new weights
    a new `model` name and the old one stays until the agents have moved.
    """

    model: pulumi.Output[str]
    digest: pulumi.Output[str]
    """Of the manifest, as found on the server."""
    size_bytes: pulumi.Output[int]

    def __init__(
        self, name: str, args: OllamaLlm, server: LlmServer, progress_urn: str, opts: pulumi.ResourceOptions
    ) -> None:
        gguf = args.gguf
        props = {
            "api_url": server.api_url,
            "server": server.container_id,
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

"""What a stack says about one LLM: the value of `llms.<name>`, told apart by `engine`."""

from typing import Annotated, Literal

from pydantic import Field

from components.llm.declared import Declared, ModelId, Url
from components.llm.hub import SglangLlm, TgiLlm, VllmLlm
from components.llm.platform_document import TrugenLlm
from components.llm.ready import HostedReady
from components.llm.self_hosted import LlamaCppLlm, OllamaLlm, SelfHosted

__all__ = ["HostedLlm", "LlamaCppLlm", "Llm", "OllamaLlm", "SelfHosted", "SglangLlm", "TgiLlm", "TrugenLlm", "VllmLlm"]


class HostedLlm(Declared):
    """A model that somebody else serves; its key is `llmTokens.<name>`."""

    engine: Literal["hosted"]
    base_url: Url
    model: ModelId
    ready: HostedReady = HostedReady()


Llm = Annotated[
    OllamaLlm | LlamaCppLlm | TgiLlm | VllmLlm | SglangLlm | HostedLlm | TrugenLlm, Field(discriminator="engine")
]

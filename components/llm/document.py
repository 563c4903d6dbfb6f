"""What a stack says about one LLM: the value of `llms.<name>`, told apart by `engine`."""

from typing import Annotated

from pydantic import Field

from components.llm.hosted import HostedLlm
from components.llm.hub import SglangLlm, TgiLlm, VllmLlm
from components.llm.platform_document import TrugenLlm
from components.llm.proxied import AnthropicLlm
from components.llm.self_hosted import LlamaCppLlm, OllamaLlm, SelfHosted

__all__ = [
    "AnthropicLlm",
    "HostedLlm",
    "LlamaCppLlm",
    "Llm",
    "OllamaLlm",
    "SelfHosted",
    "SglangLlm",
    "TgiLlm",
    "TrugenLlm",
    "VllmLlm",
]

Llm = Annotated[
    OllamaLlm | LlamaCppLlm | TgiLlm | VllmLlm | SglangLlm | AnthropicLlm | HostedLlm | TrugenLlm,
    Field(discriminator="engine"),
]

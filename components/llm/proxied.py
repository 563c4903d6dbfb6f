"""An LLM of Anthropic behind a LiteLLM proxy of ours, which speaks to TruGen as OpenAI does."""

from typing import Annotated, Literal

from pydantic import ByteSize, Field

from components.llm.declared import Port, Size, spelled
from components.llm.engines import LITELLM, Engine
from components.llm.providers import ANTHROPIC
from components.llm.self_hosted import Egress, SelfHosted

_GIB = 2**30


class AnthropicLlm(SelfHosted):
    """
    Anthropic's own Messages API, translated; its key is `providerKeys.<name of the LLM>`.

    `maxTokens` limits answers to requests that name no limit; Anthropic demands one, and LiteLLM's is the model's own.
    """

    engine: Literal["anthropic"]
    model: Annotated[str, spelled(ANTHROPIC.model, ANTHROPIC.model_advice)]
    port: Port = LITELLM.port
    # LiteLLM 1.105.3 without a database takes 343 MB when idle.
    memory: Size = ByteSize(2 * _GIB)
    max_tokens: Annotated[int, Field(ge=1, le=2**20)] | None = None

    @property
    def facts(self) -> Engine:
        return LITELLM

    @property
    def egress(self) -> Egress:
        """It calls its provider."""
        return "always"

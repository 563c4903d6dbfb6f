"""What a stack says about an LLM that somebody else serves."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import model_validator

from components.llm.declared import Declared, ModelId, Url
from components.llm.providers import PROVIDERS, Provider, ProviderName, provider_at
from components.llm.ready import HostedReady

_AZURE_PATH = "/openai/v1"


class HostedLlm(Declared):
    """
    An OpenAI-compatible endpoint outside of this stack; its key is `llmTokens.<name of the LLM>`.

    Either a `provider` whose URL is known, or the `baseUrl`; Azure's customers have a URL each, so they say both.
    """

    engine: Literal["hosted"]
    provider: ProviderName | None = None
    base_url: Url | None = None
    model: ModelId
    ready: HostedReady = HostedReady()

    @property
    def url(self) -> str:
        """API root."""
        return self.base_url or (self._preset.base_url if self._preset else "")

    @property
    def caution(self) -> str | None:
        """Why the provider itself advises against it."""
        known = provider_at(self.url)
        return known.caution if known else None

    @property
    def _preset(self) -> Provider | None:
        return PROVIDERS[self.provider] if self.provider else None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        preset = self._preset
        if preset is None and self.base_url is None:
            names = ", ".join(sorted(PROVIDERS))
            raise ValueError(f"says not where it is: write `provider` ({names}), or the `baseUrl` of another")
        if preset is not None and not preset.base_url:
            self._check_azure()
        elif preset is not None and self.base_url is not None:
            raise ValueError(f"has `provider: {preset.name}`, whose URL is known, and a `baseUrl`; keep one")
        if preset is not None and not preset.model.fullmatch(self.model):
            raise ValueError(f"has the model '{self.model}', which is none of {preset.title}; {preset.model_advice}")
        return self

    def _check_azure(self) -> None:
        if self.base_url is None:
            raise ValueError(
                "has `provider: azure` without `baseUrl`; write it like"
                f" 'https://<resource>.openai.azure.com{_AZURE_PATH}'"
            )
        if urlsplit(self.base_url).path != _AZURE_PATH:
            raise ValueError(
                f"has a `baseUrl` that does not end in '{_AZURE_PATH}': Azure's older paths want `api-version` and the"
                " header `api-key`, and TruGen sends a bearer alone"
            )

"""
What is known about hosted APIs that speak like OpenAI's, as data: a further provider is a further record.

Facts and their sources: docs/hosted-llms.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

ProviderName = Literal["anthropic", "azure", "fireworks", "groq", "openai", "openrouter", "together"]


@dataclass(frozen=True)
class Provider:
    """
    One hosted API, which takes its key as a bearer.

    Args:
        name: As the stack file spells it.
        title: As people call it.
        base_url: API root; empty when every customer has their own.
        model: What a model id looks like; meant to catch an id of somebody else, not to know every model.
        model_advice: What to write instead of an id that looks otherwise.
        list_headers: What `GET {base_url}/models` wants instead of a bearer, `{key}` being the key.
        caution: Why its documentation itself advises against it, and what to do instead.
    """

    name: ProviderName
    title: str
    base_url: str
    model: re.Pattern[str]
    model_advice: str
    list_headers: Mapping[str, str] | None = None
    caution: str | None = None


_VENDOR_AND_NAME = re.compile(r"[\w.-]+(?:/[\w.:-]+)+")

ANTHROPIC = Provider(
    name="anthropic",
    title="Anthropic's OpenAI-compatible API",
    base_url="https://api.anthropic.com/v1",
    model=re.compile(r"claude-[\w.-]+"),
    model_advice="write Anthropic's own id of the model, which starts with 'claude-'",
    # The route is that of Anthropic's own API (1jehuang/jcode#993).
    list_headers={"x-api-key": "{key}", "anthropic-version": "2023-06-01"},
    caution=(
        "Anthropic offers its OpenAI-compatible API to test and compare models, not for production: it joins all system"
        " messages into one at the start, ignores `response_format`, `seed`, penalties and `strict` of tools without an"
        " error, and caches no prompts. `engine: anthropic` translates to Anthropic's own API instead"
        " (docs/hosted-llms.md)"
    ),
)
AZURE = Provider(
    name="azure",
    title="Azure OpenAI",
    base_url="",
    model=re.compile(r"[\w.-]+"),
    model_advice="write the name of the deployment, as the resource lists it under Deployments",
)
FIREWORKS = Provider(
    name="fireworks",
    title="Fireworks",
    base_url="https://api.fireworks.ai/inference/v1",
    model=re.compile(r"accounts/[\w-]+/[A-Za-z]+/[\w.-]+"),
    model_advice="write all of it, like 'accounts/fireworks/models/gpt-oss-20b'",
)
GROQ = Provider(
    name="groq",
    title="Groq",
    base_url="https://api.groq.com/openai/v1",
    model=re.compile(r"(?!accounts/)[\w./-]+"),
    model_advice="write it as console.groq.com/docs/models does, like 'openai/gpt-oss-20b'",
)
OPENAI = Provider(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    model=re.compile(r"[\w.:-]+"),
    model_advice="write OpenAI's own id of the model, which has no '/'",
)
OPENROUTER = Provider(
    name="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    model=_VENDOR_AND_NAME,
    model_advice="write it as openrouter.ai/models does: '<vendor>/<name>'",
)
TOGETHER = Provider(
    name="together",
    title="Together",
    base_url="https://api.together.ai/v1",
    model=_VENDOR_AND_NAME,
    model_advice="write it as Together lists it: '<vendor>/<name>', like 'meta-llama/Llama-3.3-70B-Instruct-Turbo'",
)
PROVIDERS: Mapping[str, Provider] = {
    one.name: one for one in (ANTHROPIC, AZURE, FIREWORKS, GROQ, OPENAI, OPENROUTER, TOGETHER)
}
_BY_HOST = {urlsplit(one.base_url).hostname: one for one in PROVIDERS.values() if one.base_url}


def provider_at(url: str) -> Provider | None:
    """The provider whose API *url* is; None for a customer's own server, Azure's resources among them."""
    return _BY_HOST.get(urlsplit(url).hostname)

"""The hosted APIs that are known: their URLs, what their model ids look like, and how each lists its models."""

import re
from urllib.parse import urlsplit

import pytest

from components.llm.gate import listing
from components.llm.gate.listing import models_request
from components.llm.gate.readiness import Target, probe_once
from components.llm.providers import PROVIDERS, Provider, provider_at
from components.urls import api_root, why_not_public
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, stream
from tests.program.conftest import PROJECT_FOLDER

KEY = "canary-key-0123456789"
BASE_URLS = {
    "anthropic": "https://api.anthropic.com/v1",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "groq": "https://api.groq.com/openai/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "together": "https://api.together.ai/v1",
}
# Ids that the documentation of each shows (docs/hosted-llms.md).
MODELS = {
    "anthropic": ["claude-sonnet-4-5", "claude-opus-4-7", "claude-3-5-sonnet-20241022", "claude-3-7-sonnet-latest"],
    "azure": ["gpt-4.1-nano", "my_deployment", "DeepSeek-V3"],
    "fireworks": ["accounts/fireworks/models/gpt-oss-20b", "accounts/acme/deployments/abc-123"],
    "groq": ["llama-3.3-70b-versatile", "openai/gpt-oss-20b", "meta-llama/llama-4-scout-17b-16e-instruct"],
    "openai": ["gpt-4o-mini", "gpt-4.1-2025-04-14", "ft:gpt-4o-mini-2024-07-18:acme::abc123"],
    "openrouter": ["openai/gpt-4o", "meta-llama/llama-3.3-70b-instruct:free", "openrouter/auto"],
    "together": ["meta-llama/Llama-3.3-70B-Instruct-Turbo", "Qwen/Qwen2.5-7B-Instruct-Turbo", "openai/gpt-oss-20b"],
}
STRANGERS = {
    "anthropic": ["anthropic/claude-sonnet-4-5", "gpt-4o", "Claude-Sonnet"],
    "azure": ["openai/gpt-4o", "llama3.2:1b"],
    "fireworks": ["gpt-oss-20b", "fireworks/gpt-oss-20b", "meta-llama/Llama-3.3-70B-Instruct-Turbo"],
    "groq": ["llama3.2:1b", "accounts/fireworks/models/gpt-oss-20b"],
    "openai": ["openai/gpt-4o", "meta-llama/Llama-3.3-70B-Instruct-Turbo"],
    "openrouter": ["gpt-4o", "claude-sonnet-4-5"],
    "together": ["gpt-4o", "llama3.2:1b"],
}

each_provider = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)


def test_every_provider_has_a_row_here() -> None:
    assert PROVIDERS.keys() == MODELS.keys() == STRANGERS.keys() == BASE_URLS.keys() | {"azure"}


@pytest.mark.parametrize("name", BASE_URLS)
def test_its_url_is_one_that_trugen_can_call(name: str) -> None:
    url = PROVIDERS[name].base_url

    assert url == BASE_URLS[name] == api_root(url)
    assert why_not_public(url) is None


@each_provider
def test_ids_that_its_documentation_shows_are_taken(provider: Provider) -> None:
    assert [model for model in MODELS[provider.name] if not provider.model.fullmatch(model)] == []


@each_provider
def test_ids_of_somebody_else_are_not(provider: Provider) -> None:
    assert [model for model in STRANGERS[provider.name] if provider.model.fullmatch(model)] == []


@each_provider
def test_the_documentation_has_its_url_and_a_source_for_it(provider: Provider) -> None:
    text = (PROJECT_FOLDER / "docs" / "hosted-llms.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{provider.name}` \|.*$", text, re.MULTILINE)

    assert provider.base_url in row
    assert "](https://" in row


@pytest.mark.parametrize("name", BASE_URLS)
def test_it_is_known_by_its_url_alone(name: str) -> None:
    assert provider_at(f"https://{urlsplit(BASE_URLS[name]).hostname}/v2") is PROVIDERS[name]


@pytest.mark.parametrize(
    "url", ["https://llm.example.com/v1", "https://acme.openai.azure.com/openai/v1", "http://[::1]"]
)
def test_any_other_url_is_nobodys(url: str) -> None:
    assert provider_at(url) is None


@pytest.mark.parametrize("name", sorted(BASE_URLS.keys() - {"anthropic"}))
def test_models_are_asked_for_with_a_bearer(name: str) -> None:
    request = models_request(BASE_URLS[name], KEY)

    assert (request.url, request.token, request.headers) == (f"{BASE_URLS[name]}/models", KEY, None)


def test_anthropic_is_asked_for_its_models_as_its_own_api_wants_it() -> None:
    request = models_request(BASE_URLS["anthropic"], KEY)

    assert request.url == f"{BASE_URLS['anthropic']}/models"
    assert request.headers == {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
    assert request.token is None
    assert KEY not in repr(request)


def test_a_look_at_anthropic_sends_its_headers_and_no_bearer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "provider_at", lambda _url: PROVIDERS["anthropic"])
    with ScriptedLlm([stream()]) as llm:
        assert probe_once(Target(llm.base_url, MODEL, "hosted", KEY)).healthy

    (asked,) = llm.asked
    assert (asked.headers["x-api-key"], asked.headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in asked.headers

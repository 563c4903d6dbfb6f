"""Hosted LLMs and Anthropic: what a stack says about them, whose keys they need, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from components.llm.document import AnthropicLlm, HostedLlm
from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
KEY = {"trugenApiKey": "tg-0123456789"}
TOKEN = {**KEY, "llmTokens": {"main": "sk-0123456789"}}
PROVIDER_KEY = {"providerKeys": {"main": "sk-ant-canary-0123456789"}}
AZURE = {
    "engine": "hosted",
    "provider": "azure",
    "baseUrl": "https://acme.openai.azure.com/openai/v1",
    "model": "my-gpt",
}
CLAUDE = {"engine": "anthropic", "model": "claude-sonnet-4-5"}
PUBLIC_CLAUDE = {**CLAUDE, "publicUrl": "https://claude.example.com/v1"}
PRESETS = {
    "anthropic": ("claude-sonnet-4-5", "https://api.anthropic.com/v1"),
    "fireworks": ("accounts/fireworks/models/gpt-oss-20b", "https://api.fireworks.ai/inference/v1"),
    "groq": ("openai/gpt-oss-20b", "https://api.groq.com/openai/v1"),
    "openai": ("gpt-4o-mini", "https://api.openai.com/v1"),
    "openrouter": ("meta-llama/llama-3.3-70b-instruct:free", "https://openrouter.ai/api/v1"),
    "together": ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "https://api.together.ai/v1"),
}


def hosted(settings: Any) -> HostedLlm:
    llm = settings.llms["main"]
    assert isinstance(llm, HostedLlm)
    return llm


@pytest.mark.parametrize(("provider", "row"), PRESETS.items(), ids=PRESETS)
def test_a_provider_stands_for_its_url(load: Load, cloud_stack: Stack, provider: str, row: tuple[str, str]) -> None:
    model, url = row
    cloud_stack["llms"]["main"] = {"engine": "hosted", "provider": provider, "model": model}

    llm = hosted(load(cloud_stack, TOKEN))

    assert (llm.url, llm.model) == (url, model)


def test_azure_is_told_by_the_url_of_the_resource(load: Load, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"] = {**AZURE, "baseUrl": f"{AZURE['baseUrl']}/"}

    assert hosted(load(cloud_stack, TOKEN)).url == AZURE["baseUrl"]


def test_a_url_alone_is_any_other_api_with_models_of_any_name(load: Load, cloud_stack: Stack) -> None:
    llm = {"engine": "hosted", "baseUrl": "https://api.fireworks.ai/inference/v1", "model": "m-1"}
    cloud_stack["llms"]["main"] = llm

    assert hosted(load(cloud_stack, TOKEN)).url == llm["baseUrl"]


@pytest.mark.parametrize("where", [{"provider": "anthropic"}, {"baseUrl": "https://api.anthropic.com/v1"}])
def test_anthropics_own_advice_against_its_compatible_api_is_known(
    load: Load, cloud_stack: Stack, where: dict[str, str]
) -> None:
    cloud_stack["llms"]["main"] = {"engine": "hosted", "model": "claude-sonnet-4-5", **where}

    assert "`engine: anthropic`" in (hosted(load(cloud_stack, TOKEN)).caution or "")


def test_nobody_else_advises_against_itself(load: Load, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"] = AZURE

    assert hosted(load(cloud_stack, TOKEN)).caution is None


REFUSED = [
    ({"model": "m"}, "main: says not where it is: write `provider` (anthropic, azure, fireworks, groq, openai"),
    (
        {"provider": "groq", "baseUrl": "https://api.groq.com/openai/v1", "model": "m"},
        "main: has `provider: groq`, whose URL is known, and a `baseUrl`; keep one",
    ),
    ({"provider": "mistral", "model": "m"}, "main.provider: input should be 'anthropic', 'azure', 'fireworks', 'groq'"),
    ({"provider": "azure", "model": "m"}, "main: has `provider: azure` without `baseUrl`; write it like 'https://<"),
    (
        {**AZURE, "baseUrl": "https://acme.openai.azure.com/openai/deployments/my-gpt"},
        "main: has a `baseUrl` that does not end in '/openai/v1': Azure's older paths want `api-version` and",
    ),
    ({**AZURE, "baseUrl": "https://acme.openai.azure.com"}, "main: has a `baseUrl` that does not end in '/openai/v1'"),
    ({**AZURE, "model": "openai/gpt-4o"}, "none of Azure OpenAI; write the name of the deployment"),
    (
        {"provider": "fireworks", "model": "gpt-oss-20b"},
        "write all of it, like 'accounts/fireworks/models/gpt-oss-20b'",
    ),
    (
        {"provider": "together", "model": "gpt-4o"},
        "main: has the model 'gpt-4o', which is none of Together; write it as",
    ),
    ({"provider": "openrouter", "model": "gpt-4o"}, "none of OpenRouter; write it as openrouter.ai/models does"),
    (
        {"provider": "openai", "model": "openai/gpt-4o"},
        "none of OpenAI; write OpenAI's own id of the model, which has no",
    ),
    ({"provider": "groq", "model": "llama3.2:1b"}, "none of Groq; write it as console.groq.com/docs/models does"),
    (
        {"provider": "anthropic", "model": "gpt-4o"},
        "write Anthropic's own id of the model, which starts with 'claude-'",
    ),
]


@pytest.mark.parametrize(("llm", "reason"), REFUSED, ids=[reason[:50] for _, reason in REFUSED])
def test_what_cannot_be_meant_is_refused_in_one_sentence(
    problems: Problems, cloud_stack: Stack, llm: dict[str, Any], reason: str
) -> None:
    cloud_stack["llms"]["main"] = {"engine": "hosted", **llm}

    (problem,) = problems(cloud_stack, TOKEN)

    assert reason in problem


def test_a_provider_needs_its_key(problems: Problems, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"] = {"engine": "hosted", "provider": "openai", "model": "gpt-4o"}

    (problem,) = problems(cloud_stack, KEY)

    assert problem.startswith("llmTokens.main: is missing, the key of https://api.openai.com/v1:")


def test_a_token_that_expires_is_no_key_of_azure(problems: Problems, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"] = AZURE
    entra = "eyJ0eXAiOiJKV1QiLCJub25jZSI6.canary.canary"

    (problem,) = problems(cloud_stack, {**KEY, "llmTokens": {"main": entra}})

    assert problem.startswith("llmTokens.main: is a token of Entra, which expires within hours; store a key")
    assert "canary" not in problem


def test_anthropic_needs_a_model_and_its_key(load: Load, stack: Stack) -> None:
    stack["llms"]["main"] = CLAUDE

    settings = load(stack, PROVIDER_KEY)

    llm = settings.llms["main"]
    assert isinstance(llm, AnthropicLlm)
    assert (llm.port, llm.memory, llm.max_tokens) == (4000, 2 * 2**30, None)
    assert settings.secrets_of("main").provider_key == PROVIDER_KEY["providerKeys"]["main"]
    assert settings.secrets_of("main").token is None
    assert "canary" not in repr(settings)


def test_trugen_reaches_anthropic_through_a_gateway_like_any_container_of_ours(
    load: Load, problems: Problems, cloud_stack: Stack
) -> None:
    cloud_stack["llms"]["main"] = CLAUDE
    (problem,) = problems(cloud_stack, {**KEY, **PROVIDER_KEY})
    assert problem.startswith("llms.main.publicUrl: is missing: TruGen calls the LLM over the internet.")

    cloud_stack["llms"]["main"] = PUBLIC_CLAUDE
    assert load(cloud_stack, {**KEY, **PROVIDER_KEY}).llms["main"].model == CLAUDE["model"]


PROXY_REFUSED = [
    ({"model": "gpt-4o"}, "llms.main.model: 'gpt-4o' does not fit; write Anthropic's own id of the model"),
    ({"model": "anthropic/claude-sonnet-4-5"}, "llms.main.model: 'anthropic/claude-sonnet-4-5' does not fit"),
    ({"maxTokens": 0}, "llms.main.maxTokens: input should be greater than or equal to 1"),
    ({"gpu": "all"}, "llms.main.gpu: unknown key; known: cpus, engine, gateway, image, maxTokens, memory, model,"),
    ({"contextLength": 8192}, "llms.main.contextLength: unknown key"),
    ({"apiBase": "https://elsewhere.example/v1"}, "llms.main.apiBase: unknown key"),
]


@pytest.mark.parametrize(("changes", "reason"), PROXY_REFUSED, ids=[reason[:40] for _, reason in PROXY_REFUSED])
def test_what_a_proxy_has_no_use_for_is_refused(
    problems: Problems, stack: Stack, changes: dict[str, Any], reason: str
) -> None:
    stack["llms"]["main"] = {**CLAUDE, **changes}

    (problem,) = problems(stack, PROVIDER_KEY)

    assert problem.startswith(reason)


def test_anthropic_without_its_key_is_told_what_to_type(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"] = CLAUDE

    assert problems(stack) == [
        (
            "providerKeys.main: is missing, the key of Anthropic's API:"
            " `pulumi config set --secret --path providerKeys.main`"
        )
    ]


@pytest.mark.parametrize("key", ["Bearer canary-1", "<canary-key>", "canary", "canary key 1"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(problems: Problems, stack: Stack, key: str) -> None:
    stack["llms"]["main"] = CLAUDE

    (problem,) = problems(stack, {"providerKeys": {"main": key}})

    assert problem.startswith("providerKeys.main: ")
    assert "canary" not in problem


def test_a_key_without_a_proxy_has_no_use(problems: Problems, stack: Stack) -> None:
    assert problems(stack, {"providerKeys": {"main": "sk-ant-0123456789"}}) == [
        (
            "providerKeys.main: has no use: this LLM is no proxy to a provider:"
            " `pulumi config rm --path providerKeys.main`"
        )
    ]


def test_a_key_for_an_llm_that_is_not_there_is_a_slip(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"] = CLAUDE

    assert problems(stack, {"providerKeys": {**PROVIDER_KEY["providerKeys"], "mian": "sk-ant-0123456789"}}) == [
        "providerKeys.mian: no LLM is named 'mian'; did you mean 'main'?"
    ]


def test_keys_in_plain_text_count_as_disclosed(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"] = CLAUDE

    (problem,) = problems(stack, providerKeys='{"main": "canary-key-1"}')

    assert "`pulumi config set --secret --path providerKeys.<name of the LLM>`" in problem
    assert "canary-key-1" not in problem

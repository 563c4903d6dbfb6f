"""What a stack file means."""

from typing import Any

import pytest

from components.stack.document import Settings
from tests.settings.conftest import Load, Stack

KEY = {"trugenApiKey": "tg-0123456789"}


def main(settings: Settings) -> dict[str, Any]:
    return settings.llms["main"].model_dump()


def test_what_is_left_out_has_the_default_of_the_documentation(load: Load, stack: Stack) -> None:
    expected = {
        "engine": "ollama",
        "model": "llama3.2:1b",
        "gguf": None,
        "digest": None,
        "image": None,
        "port": 11434,
        "keep_alive": "-1",
        "context_length": None,
        "parallel": 1,
        "gpu": "off",
        "memory": 8 * 2**30,
        "cpus": None,
        "restart": "always",
        "given_private_port": None,
        "strategy": "side-by-side",
        "gateway": {
            "bind": None,
            "tls": None,
            "hosts": (),
            "max_body": 4 * 2**20,
            "max_concurrent": 256,
            "keep_alive_s": 10,
            "drain_s": 30,
            "token_generation": 1,
            "image": "caddy:2.11.7",
            "relay_image": "python:3.11-slim-bookworm",
            "memory": 256 * 2**20,
            "tunnel": None,
        },
        "public_url": None,
        "ready": {
            "stall_timeout_s": 180,
            "timeout_s": 1200,
            "successes": 2,
            "ttft_budget_s": None,
            "ttft_budget_action": "warn",
        },
    }

    assert expected == main(load(stack))


def test_memory_is_written_with_its_unit(load: Load, stack: Stack) -> None:
    stack["llms"]["main"]["memory"] = "1.5GiB"

    assert main(load(stack))["memory"] == 1536 * 2**20


def test_a_hosted_endpoint_is_given_one_minute(load: Load, cloud_stack: Stack) -> None:
    settings = load(cloud_stack, {**KEY, "llmTokens": {"main": "sk-0123456789"}})

    assert main(settings)["ready"]["timeout_s"] == 60


def test_a_base_url_is_stored_without_what_trugen_appends(load: Load, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"]["baseUrl"] = "https://LLM.example.com/v1/chat/completions/"

    settings = load(cloud_stack, {**KEY, "llmTokens": {"main": "sk-0123456789"}})

    assert main(settings)["base_url"] == "https://llm.example.com/v1"


def test_gpus_are_off_all_or_chosen_by_id(load: Load, stack: Stack) -> None:
    stack["llms"]["main"]["gpu"] = [0, "GPU-3a23c669-1f69-c64e-cf85-44e9b07e7a2a"]

    assert main(load(stack))["gpu"] == ("0", "GPU-3a23c669-1f69-c64e-cf85-44e9b07e7a2a")


def test_an_agent_name_may_be_of_any_script(load: Load, stack: Stack) -> None:
    stack["agents"]["ada"]["agentName"] = "コンシェルジュ 🏨"

    assert load(stack).agents["ada"].agent_name == "コンシェルジュ 🏨"


def test_a_prompt_may_stand_in_a_file_of_the_project(load: Load, stack: Stack) -> None:
    del stack["agents"]["ada"]["personaPrompt"]
    stack["agents"]["ada"]["personaPromptFile"] = "stacks/agents/concierge.md"

    assert load(stack).agents["ada"].persona_prompt.startswith("You are Ada, the concierge")


def test_two_agents_may_share_a_name_since_a_marker_tells_them_apart(load: Load, stack: Stack) -> None:
    stack["agents"]["twin"] = dict(stack["agents"]["ada"])

    assert set(load(stack).agents) == {"ada", "twin"}


def test_the_key_may_come_from_the_environment_instead(
    load: Load, cloud_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUGEN_API_KEY", "tg-from-the-environment")

    settings = load(cloud_stack, {"llmTokens": {"main": "sk-0123456789"}})

    assert settings.trugen_api_key is None


def test_settings_do_not_show_secrets_when_printed(load: Load, cloud_stack: Stack) -> None:
    cloud_stack["agents"]["ada"]["personaPrompt"] = "canary-prompt"

    shown = repr(load(cloud_stack, {"trugenApiKey": "canary-key-1", "llmTokens": {"main": "canary-token-1"}}))

    assert [canary for canary in ("canary-prompt", "canary-key-1", "canary-token-1") if canary in shown] == []


def test_a_map_of_tokens_that_was_emptied_counts_as_none(load: Load, stack: Stack) -> None:
    assert load(stack, llmTokens="{}").llm_tokens == {}

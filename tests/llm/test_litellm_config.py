"""The file that a LiteLLM of ours is started on. The end-to-end tests start the real one on it."""

import json
from typing import Any

import pytest
import yaml

from components.llm.litellm_config import litellm_config
from components.llm.proxied import AnthropicLlm

MODEL = "claude-sonnet-4-5"


def rendered(bearer: str = "t-1", key: str = "sk-ant-1", max_tokens: int | None = None) -> dict[str, Any]:
    llm = AnthropicLlm(engine="anthropic", model=MODEL, max_tokens=max_tokens)
    config: dict[str, Any] = yaml.safe_load(litellm_config(llm, bearer, key))
    return config


def test_agents_name_the_model_as_the_stack_does_and_anthropic_serves_it() -> None:
    (model,) = rendered()["model_list"]

    assert model == {"model_name": MODEL, "litellm_params": {"model": f"anthropic/{MODEL}", "api_key": "sk-ant-1"}}


def test_only_the_token_of_the_endpoint_opens_it() -> None:
    assert rendered()["general_settings"] == {"master_key": "t-1"}


def test_nothing_is_retried_nor_hidden_behind_a_pause() -> None:
    config = rendered()

    assert (config["litellm_settings"]["num_retries"], config["router_settings"]["num_retries"]) == (0, 0)
    assert config["router_settings"]["disable_cooldowns"] is True


def test_what_anthropic_has_no_word_for_is_dropped_and_nobody_is_told() -> None:
    settings = rendered()["litellm_settings"]

    assert (settings["drop_params"], settings["telemetry"]) == (True, False)


def test_a_limit_stands_in_it_only_when_declared() -> None:
    limited, unlimited = (rendered(max_tokens=most)["model_list"][0]["litellm_params"] for most in (9, None))

    assert limited["max_tokens"] == 9
    assert "max_tokens" not in unlimited


@pytest.mark.parametrize("odd", ['a"b\\c', "a: b #c", "{{x}}", "- a", "yes", "0123"])
def test_secrets_of_any_spelling_arrive_as_they_are(odd: str) -> None:
    config = rendered(bearer=odd, key=odd)

    assert (config["general_settings"]["master_key"], config["model_list"][0]["litellm_params"]["api_key"]) == (
        odd,
        odd,
    )


def test_the_same_llm_is_written_the_same_every_time() -> None:
    """Or every run would make a new container."""
    assert json.dumps(rendered()) == json.dumps(rendered())

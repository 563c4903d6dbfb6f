"""`engine: trugen`: a model that TruGen serves itself, which agents made in its dashboard use."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
KEY = {"trugenApiKey": "tg-0123456789"}
PLATFORM = {"engine": "trugen", "provider": "groq", "model": "openai/gpt-oss-120b"}


@pytest.fixture
def platform_stack(cloud_stack: Stack) -> Stack:
    return {**cloud_stack, "llms": {"main": dict(PLATFORM)}}


def test_it_needs_no_url_and_no_token(load: Load, platform_stack: Stack) -> None:
    settings = load(platform_stack, KEY)

    assert settings.llms["main"].model_dump() == PLATFORM


def test_a_token_for_it_is_a_mistake(problems: Problems, platform_stack: Stack) -> None:
    assert problems(platform_stack, {**KEY, "llmTokens": {"main": "sk-0123456789"}}) == [
        "llmTokens.main: has no use: TruGen serves this model itself: `pulumi config rm --path llmTokens.main`"
    ]


def test_an_endpoint_outside_of_trugen_is_none_of_its_models(problems: Problems, platform_stack: Stack) -> None:
    platform_stack["llms"]["main"]["provider"] = "custom"

    (problem,) = problems(platform_stack, KEY)

    assert problem.startswith("llms.main.provider: 'custom' does not fit;")
    assert problem.endswith("`custom` is `engine: hosted`")


@pytest.mark.parametrize("missing", ["provider", "model"])
def test_it_is_named_by_provider_and_model(problems: Problems, platform_stack: Stack, missing: str) -> None:
    del platform_stack["llms"]["main"][missing]

    assert problems(platform_stack, KEY) == [f"llms.main.{missing}: is missing"]


def adopted(id_: str, **declared: Any) -> dict[str, Any]:
    agent = {"llm": "main", "agentName": "Ada", "personaPrompt": "You are Ada.", "exactName": True}
    return {**agent, "adoptAgentId": id_, **declared}


def test_adopted_agents_may_share_a_name_since_their_ids_tell_them_apart(load: Load, platform_stack: Stack) -> None:
    platform_stack["agents"] = {"ada": adopted("ag-1"), "ada-2": adopted("ag-2")}

    assert set(load(platform_stack, KEY).agents) == {"ada", "ada-2"}


def test_a_new_agent_may_not_share_an_exact_name_with_an_adopted_one(problems: Problems, platform_stack: Stack) -> None:
    platform_stack["agents"] = {"ada": adopted("ag-1"), "ada-2": adopted("ag-2", adoptAgentId=None)}

    assert problems(platform_stack, KEY) == [
        "agents.ada-2.agentName: is also the name of 'agents.ada'; with `exactName` it must differ"
    ]


def test_an_agent_is_adopted_once(problems: Problems, platform_stack: Stack) -> None:
    platform_stack["agents"] = {"ada": adopted("ag-1"), "bea": adopted("ag-1", agentName="Bea")}

    assert problems(platform_stack, KEY) == ["agents.bea.adoptAgentId: 'ag-1' is adopted by 'agents.ada' already"]

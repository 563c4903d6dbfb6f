"""Models that nobody declares any more."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.llm.unused_models import LeftOverModelError, UnusedModelsProvider
from tests.fixtures.ollama_stand_in import OllamaStandIn


@pytest.fixture
def ollama() -> Iterator[OllamaStandIn]:
    with OllamaStandIn(models={"llama3.2:1b": "a", "llama3.2:3b": "b"}).serve() as ollama:
        yield ollama


def props(ollama: OllamaStandIn) -> dict[str, Any]:
    return {"api_url": ollama.url, "declared": "llama3.2:3b"}


def created(ollama: OllamaStandIn) -> dict[str, Any]:
    return UnusedModelsProvider().create(props(ollama)).outs or {}


def test_only_the_declared_model_stays(ollama: OllamaStandIn) -> None:
    outs = created(ollama)

    assert set(ollama.models) == {"llama3.2:3b"}
    assert outs["unused"] == []


def test_a_model_left_by_a_failed_step_is_found_by_a_refresh_and_removed_by_the_next_run(ollama: OllamaStandIn) -> None:
    provider = UnusedModelsProvider()
    outs = created(ollama)
    ollama.models["smollm2:135m"] = "c"

    seen = provider.read("unused", outs).outs or {}
    assert provider.diff("unused", seen, props(ollama)).changes
    provider.update("unused", seen, props(ollama))

    assert set(ollama.models) == {"llama3.2:3b"}


def test_nothing_unused_is_no_change(ollama: OllamaStandIn) -> None:
    outs = created(ollama)

    assert not UnusedModelsProvider().diff("unused", outs, props(ollama)).changes


def test_a_model_that_is_gone_already_is_removed(ollama: OllamaStandIn) -> None:
    ollama.refusals["/api/delete"] = (404, '{"error": "model not found"}')

    assert created(ollama)["unused"] == []


def test_a_model_that_stays_is_told_with_what_to_do(ollama: OllamaStandIn) -> None:
    ollama.refusals["/api/delete"] = (500, '{"error": "device busy"}')

    with pytest.raises(LeftOverModelError, match=r"(?s)HTTP 500: device busy.*run `pulumi up` again"):
        UnusedModelsProvider().create(props(ollama))


def test_a_door_in_front_of_it_is_shown_its_token(ollama: OllamaStandIn) -> None:
    ollama.token = "canary-private"
    provider, declared = UnusedModelsProvider(), {**props(ollama), "token": "canary-private"}

    outs = provider.create(declared).outs or {}
    ollama.models["smollm2:135m"] = "c"

    assert {"llama3.2:3b", "smollm2:135m"} == set(ollama.models)
    assert ["registry.ollama.ai/library/smollm2:135m"] == (provider.read("unused", outs).outs or {})["unused"]


def test_another_token_is_a_change(ollama: OllamaStandIn) -> None:
    outs = created(ollama)

    assert UnusedModelsProvider().diff("unused", outs, {**props(ollama), "token": "another"}).changes


def test_a_door_that_refuses_is_told_without_the_token(ollama: OllamaStandIn) -> None:
    ollama.token = "another"

    with pytest.raises(LeftOverModelError, match="HTTP 401") as caught:
        UnusedModelsProvider().create({**props(ollama), "token": "canary-private"})

    assert "canary" not in str(caught.value)

"""The token of an endpoint that has none yet."""

import re
from typing import Any

import pytest

from components.llm.token import BearerTokenProvider

TOKEN = BearerTokenProvider()


def created(**props: Any) -> dict[str, Any]:
    return TOKEN.create(props).outs or {}


def test_a_token_has_256_random_bits_in_letters_that_no_gateway_reads_as_a_pattern() -> None:
    values = {str(created()["value"]) for _ in range(100)}

    assert len(values) == 100
    assert [value for value in values if not re.fullmatch(r"[A-Za-z0-9_-]{43}", value)] == []


@pytest.mark.parametrize("generation", [{}, {"generation": 1.0}, {"generation": 2.0}], ids=str)
def test_a_token_stays_until_it_is_replaced(generation: dict[str, float]) -> None:
    outs = created(**generation, __provider="p")

    assert not TOKEN.diff("generated", outs, {**generation, "__provider": "p"}).changes


@pytest.mark.parametrize("generation", [1.0, 3.0])
def test_another_generation_is_another_token_in_place(generation: float) -> None:
    outs = created(generation=2.0)
    news = {"generation": generation}

    diff = TOKEN.diff("generated", outs, news)
    renewed = TOKEN.update("generated", outs, news).outs or {}

    assert (True, []) == (diff.changes, diff.replaces or [])
    assert (generation, False) == (renewed["generation"], renewed["value"] == outs["value"])


def test_a_token_of_a_release_without_generations_is_of_the_first() -> None:
    outs = created()

    assert not TOKEN.diff("generated", outs, {"generation": 1.0}).changes
    assert TOKEN.diff("generated", outs, {"generation": 2.0}).changes


def test_a_moved_provider_module_keeps_the_token() -> None:
    outs = created(generation=1.0, __provider="p")
    news = {"generation": 1.0, "__provider": "moved"}

    assert TOKEN.diff("generated", outs, news).changes
    assert {**outs, "__provider": "moved"} == TOKEN.update("generated", outs, news).outs

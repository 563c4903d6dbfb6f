"""What a stack file says about what must not go."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]


def guardrail(**more: Any) -> dict[str, Any]:
    return {"calm": {"name": "Calm", "prompt": "Stay calm.", **more}}


def test_nothing_is_protected_or_limited_unless_the_stack_says_so(load: Load, stack: Stack) -> None:
    stack["guardrails"] = guardrail()

    settings = load(stack)

    assert settings.protection.max_deletes is None
    assert [settings.protects(one) for one in (settings.agents["ada"], settings.guardrails["calm"])] == [False, False]


def test_one_word_protects_every_agent_and_attachment(load: Load, stack: Stack) -> None:
    stack["guardrails"] = guardrail()
    stack["protection"] = {"protect": True, "maxDeletes": 0}

    settings = load(stack)

    assert settings.protection.max_deletes == 0
    assert [settings.protects(one) for one in (settings.agents["ada"], settings.guardrails["calm"])] == [True, True]


@pytest.mark.parametrize("of_the_stack", [True, False])
def test_an_entry_says_otherwise_for_itself(load: Load, stack: Stack, of_the_stack: bool) -> None:  # noqa: FBT001 - parametrized
    stack["agents"]["ada"]["protect"] = not of_the_stack
    stack["guardrails"] = guardrail(protect=not of_the_stack)
    stack["protection"] = {"protect": of_the_stack}

    settings = load(stack)

    assert settings.protects(settings.agents["ada"]) is not of_the_stack
    assert settings.protects(settings.guardrails["calm"]) is not of_the_stack


def test_how_pulumi_keeps_an_attachment_is_no_part_of_what_trugen_is_sent(load: Load, stack: Stack) -> None:
    stack["guardrails"] = guardrail(protect=True, retain=True)

    assert {"protect", "retain"} & load(stack).guardrails["calm"].to_props().keys() == set()


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"maxDeletes": -1}, "protection.maxDeletes: input should be greater than or equal to 0, not -1"),
        ({"maxDelete": 0}, "protection.maxDelete: unknown key; did you mean 'maxDeletes'?"),
        ({"protect": "yes"}, "protection.protect: input should be a valid boolean, not 'yes'"),
        (True, "protection: is not a map; indent its entries under it"),
    ],
)
def test_a_mistake_in_it_is_refused(problems: Problems, stack: Stack, declared: object, problem: str) -> None:
    stack["protection"] = declared

    assert problems(stack) == [problem]

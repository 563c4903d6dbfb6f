import pytest

from components.llm.gate.capabilities import Capabilities
from components.llm.gate.context import PromptSize, context_next_step, judge_context


def verdict(size: PromptSize, **known: int) -> tuple[str, str]:
    check = judge_context(size, Capabilities(**known))  # type: ignore[arg-type]  # counts only
    return check.verdict, check.detail


def test_a_prompt_that_leaves_room_for_the_talk_passes() -> None:
    assert (
        "pass",
        "a system prompt of 1,000 tokens and 512 for the talk fit into the window of 1,512 tokens",
    ) == verdict(PromptSize(4_000, 1_000), context_tokens=1_512)


def test_a_prompt_that_leaves_too_little_fails_with_both_numbers() -> None:
    assert (
        "fail",
        "a system prompt of 1,000 tokens and 512 for the talk exceed the window of 1,511 tokens",
    ) == verdict(PromptSize(4_000, 1_000), context_tokens=1_511)


def test_a_server_that_cuts_long_prompts_silently_is_caught_by_what_their_length_must_be() -> None:
    outcome, told = verdict(PromptSize(80_000, 2_048), context_tokens=4_096)

    assert "fail" == outcome
    assert "a system prompt of at least 10,000 tokens" in told


def test_a_prompt_nobody_counted_is_estimated_by_its_bytes() -> None:
    outcome, told = verdict(PromptSize(4_000, None), context_tokens=1_600)

    assert "pass" == outcome
    assert "a system prompt of about 1,000 tokens" in told


def test_an_unknown_window_is_unknown() -> None:
    assert "unknown" == verdict(PromptSize(4_000, 1_000))[0]
    assert "unknown" == verdict(PromptSize(4_000, 1_000), max_context_tokens=8_192)[0]


def test_what_the_model_was_made_for_is_a_limit_even_when_the_window_is_unknown() -> None:
    outcome, told = verdict(PromptSize(40_000, 10_000), max_context_tokens=8_192)

    assert "fail" == outcome
    assert "exceed the 8,192 tokens the model was made for" in told


@pytest.mark.parametrize(
    ("tokens", "most", "contains"),
    [
        (4_000, None, "contextLength 5120`"),
        (4_000, 131_072, "contextLength 5120`"),
        (4_000, 5_000, "contextLength 5000`"),
        (4_000, 4_096, "choose a model with a wider window"),
    ],
)
def test_the_next_step_names_a_window_that_is_wide_enough(tokens: int, most: int | None, contains: str) -> None:
    known = Capabilities(context_tokens=2_048, max_context_tokens=most)

    assert contains in context_next_step(PromptSize(16_000, tokens), known, own_engine=True)


def test_nobody_can_widen_the_window_of_a_hosted_model() -> None:
    next_step = context_next_step(PromptSize(16_000, None), Capabilities(context_tokens=2_048), own_engine=False)

    assert "contextLength" not in next_step
    assert "choose a model with a wider window" in next_step

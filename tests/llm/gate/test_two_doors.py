"""A wait at two URLs, each with a token of its own: what comes before the second is asked."""

import pytest

from components.llm.gate.failure import CannotServe
from components.llm.gate.readiness import Budget, Target, wait_until_ready
from tests.fixtures.conforming import conforming
from tests.fixtures.scripted_llm import ScriptedLlm, refuse
from tests.fixtures.waiting import TOKEN, target_of

PRIVATE = "canary-PRIVATE/1234567890abcdef"


class Openings:
    """Counts how often the public URL was led to the base URL."""

    def __init__(self, public: ScriptedLlm | None = None) -> None:
        self._public = public
        self.asked_before: list[int] = []

    def __call__(self) -> None:
        self.asked_before.append(len(self._public.asked) if self._public else 0)


def wait(target: Target, openings: Openings) -> None:
    wait_until_ready(target, budget=Budget(), on_progress=lambda _line: None, before_public=openings)


def test_the_public_url_is_led_here_once_and_before_anybody_asks_there() -> None:
    with ScriptedLlm([conforming(PRIVATE)]) as base, ScriptedLlm([conforming(TOKEN)]) as public:
        openings = Openings(public)
        wait(target_of(base, public_url=public.base_url, private_token=PRIVATE), openings)

    assert [0] == openings.asked_before


def test_an_endpoint_that_fails_is_led_to_by_nobody() -> None:
    with ScriptedLlm([refuse(401, "unknown")]) as base, ScriptedLlm([conforming(TOKEN)]) as public:
        openings = Openings(public)
        with pytest.raises(CannotServe):
            wait(target_of(base, public_url=public.base_url, private_token=PRIVATE), openings)

    assert ([], []) == (openings.asked_before, public.asked)


def test_an_endpoint_with_one_url_is_led_to_by_nobody() -> None:
    openings = Openings()
    with ScriptedLlm([conforming(TOKEN)]) as base:
        wait(target_of(base), openings)

    assert [] == openings.asked_before


@pytest.mark.parametrize(("private", "at_base"), [(PRIVATE, PRIVATE), (None, TOKEN)])
def test_each_url_is_shown_its_own_token(private: str | None, at_base: str) -> None:
    target = Target(
        base_url="http://base/v1",
        model="m",
        engine="other",
        token=TOKEN,
        public_url="http://public/v1",
        private_token=private,
    )

    assert (at_base, at_base) == (target.base_token, target.token_at("http://base/v1"))
    assert TOKEN == target.token_at("http://public/v1")


def test_a_target_does_not_print_its_tokens() -> None:
    assert "canary" not in repr(Target("http://base/v1", "m", "other", token=TOKEN, private_token=PRIVATE))

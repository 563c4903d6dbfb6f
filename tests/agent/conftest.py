from collections.abc import Callable

import pytest

from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.roster import Roster
from components.trugen.client import TrugenClient
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import KEY, ScriptedTrugen


@pytest.fixture
def new_lifecycle(api: ScriptedTrugen, clock: FakeClock) -> Callable[..., AgentLifecycle]:
    """A lifecycle on a fake clock, as one provider process makes them when they share *roll*."""

    def build(roster: Roster | None = None, key: str = KEY) -> AgentLifecycle:
        client = TrugenClient(api.url, key, clock=clock, sleep=clock.sleep, draw=lambda: 1.0)
        return AgentLifecycle(client, roster=roster or Roster(), sleep=clock.sleep)

    return build


@pytest.fixture
def lifecycle(new_lifecycle: Callable[..., AgentLifecycle]) -> AgentLifecycle:
    return new_lifecycle()

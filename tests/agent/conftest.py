from collections.abc import Callable, Iterator

import pytest

from components.agent.lifecycle import AgentLifecycle, RollCall
from components.trugen.client import TrugenClient
from tests.fixtures.fake_time import FakeTime
from tests.fixtures.scripted_trugen import KEY, ScriptedTrugen, scripted_trugen


@pytest.fixture
def api() -> Iterator[ScriptedTrugen]:
    with scripted_trugen() as api:
        yield api


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def new_lifecycle(api: ScriptedTrugen, time: FakeTime) -> Callable[..., AgentLifecycle]:
    """A lifecycle on fake time, as one provider process makes them when they share *roll*."""

    def build(roll: RollCall | None = None, key: str = KEY) -> AgentLifecycle:
        client = TrugenClient(api.url, key, clock=time.clock, sleep=time.sleep, draw=lambda: 1.0)
        return AgentLifecycle(client, roll=roll or RollCall(), sleep=time.sleep)

    return build


@pytest.fixture
def lifecycle(new_lifecycle: Callable[..., AgentLifecycle]) -> AgentLifecycle:
    return new_lifecycle()

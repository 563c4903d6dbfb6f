from collections.abc import Callable, Iterator
from typing import Any

import pytest

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
def new_client(api: ScriptedTrugen, time: FakeTime) -> Callable[..., TrugenClient]:
    """A client on fake time whose jitter always draws the whole pause."""

    def build(**options: Any) -> TrugenClient:
        defaults = {"api_url": api.url, "api_key": KEY, "clock": time.clock, "sleep": time.sleep, "draw": lambda: 1.0}
        return TrugenClient(**{**defaults, **options})

    return build


@pytest.fixture
def client(new_client: Callable[..., TrugenClient]) -> TrugenClient:
    return new_client()

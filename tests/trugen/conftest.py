from collections.abc import Callable
from typing import Any

import pytest

from components.trugen.client import TrugenClient
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import KEY, ScriptedTrugen


@pytest.fixture
def new_client(api: ScriptedTrugen, clock: FakeClock) -> Callable[..., TrugenClient]:
    """A client on a fake clock whose jitter always draws the whole pause."""

    def build(**options: Any) -> TrugenClient:
        defaults = {"api_url": api.url, "api_key": KEY, "clock": clock, "sleep": clock.sleep, "draw": lambda: 1.0}
        return TrugenClient(**{**defaults, **options})

    return build


@pytest.fixture
def client(new_client: Callable[..., TrugenClient]) -> TrugenClient:
    return new_client()

import sys
from collections.abc import Iterator

import pytest

from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import ScriptedTrugen, scripted_trugen


@pytest.fixture(autouse=True)
def traceback_limit() -> Iterator[None]:
    """Provider verbs change it for their process (components/foreseen.py), which here is everybody's."""
    before = getattr(sys, "tracebacklimit", None)
    yield
    if before is None:
        sys.__dict__.pop("tracebacklimit", None)
    else:
        sys.tracebacklimit = before


@pytest.fixture
def api() -> Iterator[ScriptedTrugen]:
    with scripted_trugen() as api:
        yield api


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()

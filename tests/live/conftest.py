from collections.abc import Iterator

import pytest

from tests.fixtures.scripted_trugen import ScriptedTrugen, scripted_trugen


@pytest.fixture
def trugen() -> Iterator[ScriptedTrugen]:
    """A workspace that fails on command."""
    with scripted_trugen() as api:
        yield api

from collections.abc import Iterator

import pytest

from tests.fixtures.volume_in_memory import VolumeInMemory, volume_in_memory


@pytest.fixture
def volume() -> Iterator[VolumeInMemory]:
    with volume_in_memory() as memory:
        yield memory

import pytest

from tests.fixtures.waiting import Waiting


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()

"""
A thousand random legal servers and a thousand broken ones: the gate may not be wrong about a single one.

The number in a failing test's name makes the same server again. Counts by fault:
`python -m tests.fixtures.random_scripts.trials`.
"""

from collections.abc import Iterator

import pytest

from tests.fixtures.random_scripts.servers import FAULTS
from tests.fixtures.random_scripts.trials import brisk_switches, refusal_of_broken, refusal_of_legal

# A hundred of each before every commit; `make test` tries all.
_TRIALS = [*range(100), *(pytest.param(number, marks=pytest.mark.contract) for number in range(100, 1000))]


@pytest.fixture(autouse=True, scope="module")
def brisk() -> Iterator[None]:
    with brisk_switches():
        yield


@pytest.mark.parametrize("number", _TRIALS)
def test_a_legal_server_is_never_refused(number: int) -> None:
    assert "" == refusal_of_legal(number)


@pytest.mark.parametrize("number", _TRIALS)
def test_a_broken_server_is_refused_for_its_fault(number: int) -> None:
    refusal = refusal_of_broken(number)

    assert refusal is not None, f"false readiness: {FAULTS[number % len(FAULTS)]}"
    assert refusal.is_to_the_point, f"{refusal.fault}: {refusal.said}"

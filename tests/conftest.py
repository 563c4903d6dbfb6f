import signal
import sys
from collections.abc import Iterator

import pytest

from tests.fixtures import trial_report
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


@pytest.fixture(scope="session")
def trials(pytestconfig: pytest.Config) -> trial_report.TrialReport:
    """Where fault and interruption tests put what they measured."""
    return trial_report.of(pytestconfig)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    trial_report.tell(config, terminalreporter)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let SIGINT arrive, here and in what is started from here: a shell has its background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

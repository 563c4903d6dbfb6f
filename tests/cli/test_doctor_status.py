"""What the exit status of `doctor` says."""

import pytest

from components.__main__ import main
from components.cli import doctor
from components.cli.finding import Finding


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([Finding("backend", "warning", "weak"), Finding("agent ada", "ok", "there")], 0),
        ([Finding("TruGen", "unknown", "was not asked")], 0),
        ([Finding("backend", "warning", "weak"), Finding("agent ada", "fault", "gone")], 1),
    ],
    ids=["a warning is no fault", "nor is what could not be looked at", "a fault beside a warning is one"],
)
def test_only_a_fault_fails(findings: list[Finding], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["components", "doctor", "--stack", "production"])
    monkeypatch.setattr(doctor, "examine", lambda _: iter(findings))

    assert main() == status

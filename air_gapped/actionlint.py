"""The linter of workflows: the user's own, or built from Go modules, since what PyPI carries downloads from GitHub."""

import shutil
from pathlib import Path

from air_gapped import pins
from air_gapped.commands import output
from air_gapped.go_build import Program, build
from air_gapped.progress import Report

PROGRAM = Program(
    binary="actionlint",
    recipe="actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    version=pins.ACTIONLINT,
)


def existing() -> Path | None:
    """The one on PATH, when it is of the very version: another has other rules."""
    found = shutil.which("actionlint")
    if found and (output([found, "-version"]) or "").split("\n")[0].lstrip("v") == pins.ACTIONLINT:
        return Path(found)
    return None


def path() -> Path:
    """Where the linter is once it was made available."""
    return existing() or PROGRAM.path


def linter(report: Report) -> str:
    """Make it available; returns where it came from."""
    if found := existing():
        return f"{found}, already on this machine"
    build(PROGRAM, report)
    return f"{pins.ACTIONLINT}, built from Go modules"

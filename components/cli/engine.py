"""The Pulumi CLI as a command to run: its output goes to the person, its exit status to the caller."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


class EngineError(Exception):
    """A Pulumi command ended with another status than 0; `status` is that status."""

    def __init__(self, command: list[str], status: int) -> None:
        super().__init__(f"`{' '.join(command)}` ended with status {status}; what it printed says why.")
        self.status = status


def pulumi(*words: str, stack: str) -> None:
    """
    Run one command on *stack*, its output shown as it comes.

    Raises:
        EngineError: Exit status other than 0.
    """
    command = ["pulumi", *words, "--stack", stack]
    sys.stdout.flush()
    status = subprocess.run(command, cwd=PROJECT, check=False).returncode
    if status != 0:
        raise EngineError(command, status)


def outputs(stack: str) -> dict[str, Any]:
    """Outputs of the last run with secrets in clear; empty when there was none."""
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", stack]
    shown = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(shown.stdout) if shown.returncode == 0 else {}
    return found


def stacks() -> list[str]:
    listed = subprocess.run(
        ["pulumi", "stack", "ls", "--json"], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    return [entry["name"] for entry in json.loads(listed.stdout)] if listed.returncode == 0 else []

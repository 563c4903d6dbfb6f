"""The Pulumi CLI as a command to run: its output goes to the person, its exit status to the caller."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
_NO_SUCH_COMMAND = 127  # as a shell says it
_NO_CLI = "There is no Pulumi CLI here yet.\n  Run: make up"


class EngineError(Exception):
    """A Pulumi command could not do its work; `status` is what this process should end with."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Watched:
    """How a command ended: its status, its event log, its plan file if it wrote one, and what it complained about."""

    status: int
    events: list[dict[str, Any]]
    saved: dict[str, Any]
    complaint: str


def watched(
    *words: str, stack: str, env: Mapping[str, str] | None = None, project: Path = PROJECT, save_plan: bool = False
) -> Watched:
    """
    Run one command on *stack*, its output shown as it comes, and keep what it did as data.

    `--event-log` is what Pulumi's Automation API reads, and like there has to be asked for by PULUMI_DEBUG_COMMANDS.
    """
    with tempfile.TemporaryDirectory() as folder:
        log, plan = Path(folder, "events"), Path(folder, "plan.json")
        saving = ["--save-plan", str(plan)] if save_plan else []
        command = ["pulumi", *words, *saving, "--event-log", str(log), "--non-interactive", "--stack", stack]
        sys.stdout.flush()
        environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true", **(env or {})}
        try:
            done = subprocess.run(command, cwd=project, check=False, stderr=subprocess.PIPE, text=True, env=environment)
        except FileNotFoundError:
            raise EngineError(_NO_CLI, _NO_SUCH_COMMAND) from None
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        saved = json.loads(plan.read_text()) if plan.exists() else {}
        return Watched(done.returncode, events, saved, done.stderr.strip())


def pulumi(*words: str, stack: str, env: Mapping[str, str] | None = None) -> None:
    """
    Run one command on *stack*, its output shown as it comes, with *env* on top of the present environment.

    Raises:
        EngineError: Exit status other than 0, or no Pulumi CLI.
    """
    sys.stdout.flush()
    done = _run(*words, "--stack", stack, env=env)
    if done.returncode != 0:
        text = f"`{' '.join(done.args)}` ended with status {done.returncode}; what it printed says why."
        raise EngineError(text, done.returncode)


def outputs(stack: str) -> dict[str, Any]:
    """Outputs of the last run with secrets in clear; empty when there was none."""
    shown = _run("stack", "output", "--json", "--show-secrets", "--stack", stack, quiet=True)
    found: dict[str, Any] = json.loads(shown.stdout) if shown.returncode == 0 else {}
    return found


def stacks() -> list[str]:
    listed = _run("stack", "ls", "--json", quiet=True)
    return [entry["name"] for entry in json.loads(listed.stdout)] if listed.returncode == 0 else []


def backend_url() -> str | None:
    """Where the state of stacks is; None when the CLI is logged in nowhere."""
    shown = _run("whoami", "--json", "--non-interactive", quiet=True)
    return str(json.loads(shown.stdout)["url"]) if shown.returncode == 0 else None


def _run(*words: str, quiet: bool = False, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = ["pulumi", *words]
    try:
        return subprocess.run(
            command, cwd=PROJECT, check=False, capture_output=quiet, text=True, env={**os.environ, **(env or {})}
        )
    except FileNotFoundError:
        raise EngineError(_NO_CLI, _NO_SUCH_COMMAND) from None

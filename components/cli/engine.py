"""The Pulumi CLI as a command to run: its output goes to the person, its exit status to the caller."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from components.cli.locks import Lock, failed_over_one_that_has_gone, refused_for

PROJECT = Path(__file__).resolve().parents[2]
_NO_SUCH_COMMAND = 127  # as a shell says it
_LAST_WORDS_S = 1.0


class EngineError(Exception):
    """A Pulumi command could not do its work; `status` is what this process should end with."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class LockedError(EngineError):
    """Another run holds the stack, or has left its lock, or (without *locks*) has given it back this moment."""

    def __init__(self, stack: str, locks: list[Lock], status: int) -> None:
        steps = "".join(f"\n  {lock}: {lock.next_step(stack)}." for lock in locks)
        super().__init__(
            f"Stack {stack} is locked; nothing was changed.{steps}\n  Then run the same command again.", status
        )
        self.locks = locks


# Of a plan file that is gone before anybody could use it.
_ABOUT_THE_PLAN_FILE = ("Update plan written to", "Run `pulumi up --plan=")


@dataclass(frozen=True)
class Watched:
    """How a command ended: its status, its event log, its plan file if it wrote one, and what it complained about."""

    status: int
    events: list[dict[str, Any]]
    saved: dict[str, Any]
    complaint: str


def pulumi(*words: str, stack: str, env: Mapping[str, str] | None = None) -> None:
    """
    Run one command on *stack*, its output shown as it comes, with *env* on top of the present environment.

    Raises:
        EngineError: Exit status other than 0, or no Pulumi CLI.
        LockedError: Another run holds the stack.
    """
    command = ["pulumi", *words, "--stack", stack]
    status, complaint = _shown(command, env or {}, PROJECT)
    locks = refused_for(complaint)
    if locks or failed_over_one_that_has_gone(complaint):
        raise LockedError(stack, locks, status)
    if status != 0:
        raise EngineError(f"`{' '.join(command)}` ended with status {status}; what it printed says why.", status)


def watched(
    *words: str, stack: str, env: Mapping[str, str] | None = None, project: Path = PROJECT, save_plan: bool = False
) -> Watched:
    """
    Run one command on *stack*, its output shown as it comes, and keep what it did as data.

    `--event-log` is what Pulumi's Automation API reads, and like there has to be asked for by PULUMI_DEBUG_COMMANDS.

    Raises:
        EngineError: No Pulumi CLI.
    """
    with tempfile.TemporaryDirectory() as folder:
        log, plan = Path(folder, "events"), Path(folder, "plan.json")
        saving = ["--save-plan", str(plan)] if save_plan else []
        command = ["pulumi", *words, *saving, "--event-log", str(log), "--non-interactive", "--stack", stack]
        status, complaint = _shown(command, {"PULUMI_DEBUG_COMMANDS": "true", **(env or {})}, project)
        # Binary, where a line ends with "\n" only: a name may hold what Unicode takes for the end of one.
        events = [json.loads(line) for line in log.read_bytes().splitlines()] if log.exists() else []
        saved = json.loads(plan.read_bytes()) if plan.exists() else {}
        return Watched(status, events, saved, complaint.strip())


def outputs(stack: str) -> dict[str, Any]:
    """Outputs of the last run with secrets in clear; empty when there was none."""
    shown = _asked("stack", "output", "--json", "--show-secrets", "--stack", stack)
    found: dict[str, Any] = json.loads(shown.stdout) if shown.returncode == 0 else {}
    return found


def deployment(stack: str) -> dict[str, Any] | None:
    """What the state records, with secrets in clear; None when it cannot be read, or is not there."""
    shown = _asked("stack", "export", "--show-secrets", "--stack", stack)
    found: dict[str, Any] | None = json.loads(shown.stdout)["deployment"] if shown.returncode == 0 else None
    return found


def stacks() -> list[str]:
    listed = _asked("stack", "ls", "--json")
    return [entry["name"] for entry in json.loads(listed.stdout)] if listed.returncode == 0 else []


def backend_url() -> str | None:
    """Where the state of stacks is; None when the CLI is logged in nowhere."""
    shown = _asked("whoami", "--json", "--non-interactive")
    return str(json.loads(shown.stdout)["url"]) if shown.returncode == 0 else None


def _asked(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["pulumi", *words], cwd=PROJECT, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise _not_here() from None


def _not_here() -> EngineError:
    return EngineError("There is no Pulumi CLI here yet.\n  Run: make up", _NO_SUCH_COMMAND)


def _shown(command: list[str], env: Mapping[str, str], project: Path) -> tuple[int, str]:
    """
    Exit status, and what came on stderr, which is shown as well.

    Ctrl-C reaches Pulumi, too. It then ends what it has begun, writes its state and gives its lock back: to kill it
    before that would leave the lock.
    """
    kept: list[str] = []
    sys.stdout.flush()
    try:
        process = subprocess.Popen(command, cwd=project, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        raise _not_here() from None
    assert process.stderr is not None  # noqa: S101 - PIPE was asked for; narrows the type
    reader = threading.Thread(target=_show, args=(process.stderr, kept), daemon=True)
    reader.start()
    interrupted = False
    while process.returncode is None:
        try:
            process.wait()
        except KeyboardInterrupt:
            interrupted = True
    # A process that Pulumi has left behind may hold the pipe for longer.
    reader.join(_LAST_WORDS_S)
    if interrupted:
        raise KeyboardInterrupt
    return process.returncode, "".join(kept)


def _show(source: IO[str], kept: list[str]) -> None:
    with source:
        for line in source:
            if not line.startswith(_ABOUT_THE_PLAN_FILE):
                sys.stderr.write(line)
            sys.stderr.flush()
            kept.append(line)

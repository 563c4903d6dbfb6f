"""Run a command with its whole output in a log file and its lines offered to a progress report."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from air_gapped import places


class PrepareError(Exception):
    """The machine cannot be prepared; the text ends with the next command to type."""


def run(
    command: Sequence[str | Path],
    *,
    log: str,
    cwd: Path = places.PROJECT,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = lambda _line: None,
) -> None:
    """
    Run *command* to its end.

    Args:
        log: Name of the log file under the state folder; it is begun anew.
        env: Variables on top of the present environment.
        on_line: Called with every line of output as it comes.

    Raises:
        PrepareError: Exit status other than 0; quotes the last lines.
    """
    words = [str(word) for word in command]
    path = places.logs() / f"{log}.log"
    with (
        path.open("w", encoding="utf-8") as sink,
        subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for; narrows the type
        for line in process.stdout:
            sink.write(line)
            sink.flush()
            on_line(line.rstrip())
    if process.returncode != 0:
        tail = "\n    ".join(path.read_text(encoding="utf-8").splitlines()[-12:])
        raise PrepareError(
            f"`{' '.join(words)}` ended with status {process.returncode}:\n    {tail}\n"
            f"  The whole output: {path}\n"
            "  When its cause is gone, run the same make target again: finished parts are kept."
        )


def output(
    command: Sequence[str | Path], *, timeout_s: float = 20.0, env: Mapping[str, str] | None = None
) -> str | None:
    """Standard output of a short command, or None when it is not there, fails or hangs."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env={**os.environ, **(env or {})},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def as_root(*command: str) -> list[str]:
    """
    *command* as root: itself for root, through sudo for a user who has it.

    Raises:
        PrepareError: Neither root nor sudo.
    """
    if os.geteuid() == 0:
        return list(command)
    if shutil.which("sudo"):
        return ["sudo", *command]
    raise PrepareError(
        f"`{' '.join(command)}` needs root, and there is no sudo here.\n  Run it as root once, then run make again."
    )

"""
Who holds a stack.

Pulumi's backends other than its cloud have no lease: a killed CLI leaves its lock, and every later run is refused. In a
folder the locks can be read, and one is removed here when it names this host and a process that no longer exists; any
other backend tells of them in a refusal only. Formats: pulumi `backend/diy/lock.go` at 3.259.
"""

import json
import os
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.cli import backend

_REFUSAL = "the stack is currently locked by"
_OWNER = re.compile(r"created by (?P<user>\S*)@(?P<host>[^@\s]+) \(pid (?P<pid>\d+)\) at (?P<taken_at>\S+)")
# A lock that was given back between the list of locks and the look at it (gocloud.dev `blob.go`, `wrapError`).
_GONE = re.compile(r'blob \(key "[^"]*\.pulumi/locks/[^"]*"\) \(code=NotFound\)')


@dataclass(frozen=True)
class Lock:
    """Who holds a stack: `pid` on `host`, since `taken_at` (RFC 3339); *path* where it is a file."""

    pid: int
    host: str
    user: str
    taken_at: str
    path: Path | None = None

    @property
    def is_here(self) -> bool:
        return self.host == socket.gethostname()

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be gone; a process of another host is never known to be."""
        if not self.is_here:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    @property
    def age_s(self) -> float:
        """By this host's clock, so below zero when the other host's is ahead."""
        return (datetime.now(UTC) - datetime.fromisoformat(self.taken_at)).total_seconds()

    def next_step(self, stack: str) -> str:
        """What becomes of whoever is refused because of it."""
        cancel = f"pulumi cancel --yes --stack {stack}"
        if self.is_dead:
            return f"that process is dead: {cancel}"
        if self.is_here:
            return "that process is at work: wait until it has ended"
        return f"look on {self.host} whether that process runs: if so, wait; if it is dead: {cancel}"

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, since {self.taken_at}"


def locks(stack: str, *, project: str = "trugen-llm") -> list[Lock]:
    """Locks on *stack* in the backend of `PULUMI_BACKEND_URL`; none for a backend that is not a folder."""
    folder = backend.folder()
    if folder is None:
        return []
    return [_read(path) for path in sorted((folder / "locks" / "organization" / project / stack).glob("*.json"))]


def _read(path: Path) -> Lock:
    content = json.loads(path.read_text())
    return Lock(content["pid"], content["hostname"], content["username"], content["timestamp"], path)


def remove_dead(stack: str) -> list[Lock]:
    """Remove the locks of dead runs; returns them."""
    dead = [lock for lock in locks(stack) if lock.is_dead]
    for lock in dead:
        if lock.path:
            lock.path.unlink(missing_ok=True)
    return dead


def refused_for(printed: str) -> list[Lock]:
    """The locks because of which Pulumi refused, by what it *printed*; none when it ended for another reason."""
    if _REFUSAL not in printed:
        return []
    return [
        Lock(int(one["pid"]), one["host"], one["user"], one["taken_at"])
        for one in _OWNER.finditer(printed[printed.index(_REFUSAL) :])
    ]


def failed_over_one_that_has_gone(printed: str) -> bool:
    """Whether Pulumi, by what it *printed*, gave up over a lock that another run took back while it looked."""
    return _GONE.search(printed) is not None

"""
Locks of a file backend whose run is dead.

Pulumi's file backend has no lease: a killed CLI leaves its lock, and every later run is refused. A lock is removed here
only when it names this host and a process that no longer exists. Format: pulumi `backend/diy/lock.go` at 3.259.
"""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from components.cli import backend


@dataclass(frozen=True)
class Lock:
    """Who holds a stack: `pid` on `host`, since `taken_at` (RFC 3339)."""

    path: Path
    pid: int
    host: str
    user: str
    taken_at: str

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be gone; a process of another host is never known to be."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

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
    return Lock(path, content["pid"], content["hostname"], content["username"], content["timestamp"])


def remove_dead(stack: str) -> list[Lock]:
    """Remove the locks of dead runs; returns them."""
    dead = [lock for lock in locks(stack) if lock.is_dead]
    for lock in dead:
        lock.path.unlink(missing_ok=True)
    return dead

"""
What a sandbox keeps on disk: database, key, log, and the record of the process that serves it.

The record is also the lock: the serving process holds it for as long as it lives, and the kernel lets go of it however
that process ends. So a held lock proves that the recorded pid is ours and alive, also where a reboot or a later
process made the same number mean something else.
"""

import contextlib
import fcntl
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_ATTEMPTS = 40
_PAUSE_S = 0.05


class Switches(BaseModel):
    """
    What a serving process was told; `port` is the one it listens on at 127.0.0.1.

    `authorities` is a folder of CA certificates, `<host>:<port>.pem` for those that only one server knows.
    """

    model_config = ConfigDict(frozen=True)

    port: int
    placement: Literal["nested", "flat"]
    reveal_llm: bool
    authorities: str | None = None


class Serving(Switches):
    """
    The process that serves a data dir.

    Attributes:
        behaviour: what it was told besides, as `name=value`; a stack's sandbox never is.
        started_at: RFC 3339.
    """

    behaviour: list[str] = Field([])
    pid: int
    started_at: str


class InUseError(Exception):
    """Another process serves this data dir."""


class DataDir:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.database = self.path / "sandbox.sqlite3"
        self.key_file = self.path / "api_key"
        self.log = self.path / "sandbox.log"
        self._record = self.path / "serving.json"

    def prepare(self) -> None:
        """The database holds tokens and prompts, so nobody else may enter."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def api_key(self) -> str:
        """Key of this data dir, generated on first use; it outlives restarts of the process."""
        if not self.key_file.exists():
            # Written beside and linked, so that nobody ever reads half a key, and the first of two writers wins.
            with tempfile.NamedTemporaryFile("w", dir=self.path) as file:
                file.write(secrets.token_urlsafe(32))
                file.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(file.name, self.key_file)
        return self.key_file.read_text()

    @contextlib.contextmanager
    def held(self) -> Iterator["Lease"]:
        """
        Be the process that serves this data dir.

        Raises:
            InUseError: another process is.
        """
        with self._record.open("a+b") as file:
            if not _lock(file.fileno(), fcntl.LOCK_EX):
                raise InUseError(f"{self.path} is served by another process: {self.serving()}")
            file.truncate(0)
            yield Lease(self._record)

    def serving(self) -> Serving | None:
        """The live process that serves this data dir, waiting for one that is just about to write its record."""
        for _ in range(_ATTEMPTS):
            if not self._is_held():
                return None
            try:
                return Serving.model_validate_json(self._record.read_bytes())
            except ValidationError:
                time.sleep(_PAUSE_S)
        return None

    def _is_held(self) -> bool:
        try:
            with self._record.open("rb") as file:
                return not _lock(file.fileno(), fcntl.LOCK_SH, attempts=1)
        except FileNotFoundError:
            return False

    def last_log_lines(self, count: int = 8) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def remove(self) -> None:
        """Remove what a sandbox put here; a directory with anything else in it stays."""
        ours = [self.database, self.key_file, self.log, self._record]
        for path in [*ours, *self.path.glob("sandbox.sqlite3-*")]:
            path.unlink(missing_ok=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()


class Lease:
    """Held by the serving process."""

    def __init__(self, record: Path) -> None:
        self._record = record

    def write(self, serving: Serving) -> None:
        self._record.write_text(serving.model_dump_json())


def _lock(descriptor: int, kind: int, *, attempts: int = 10) -> bool:
    """Try to lock; several attempts, since a look at the lock takes it for a moment."""
    for attempt in range(attempts):
        if attempt:
            time.sleep(_PAUSE_S)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False

"""Reads that lag behind writes: what a store of several replicas shows for a while."""

import threading
from dataclasses import dataclass

from components.sandbox.store import Stored


@dataclass
class _Pending:
    before: Stored | None
    reads_left: int


class Lag:
    """
    What reads of an object show instead of its present state.

    In memory only: after a restart everything written is seen.

    Args:
        reads: how many reads after a write show what was there before it.
    """

    def __init__(self, reads: int) -> None:
        self._reads = reads
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}

    def wrote(self, id_: str, before: Stored | None) -> None:
        """Note a write. One that follows another before that was seen leaves the older state to be seen."""
        if self._reads:
            with self._lock:
                older = self._pending.get(id_)
                self._pending[id_] = _Pending(older.before if older else before, self._reads)

    def seen(self, id_: str, now: Stored | None) -> Stored | None:
        """What this read shows; *now* is the present state, None for no object."""
        with self._lock:
            pending = self._pending.get(id_)
            if pending is None:
                return now
            pending.reads_left -= 1
            if pending.reads_left == 0:
                del self._pending[id_]
            return pending.before

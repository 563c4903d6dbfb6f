"""What all providers of one process share about one workspace: where it is, how fast to call it, what it holds."""

from __future__ import annotations

import functools
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from components.lifecycle.roster import Roster
from components.trugen.pace import Pace


@dataclass(frozen=True)
class Workspace:
    """From the provider's own configuration; its methods may be called from any thread."""

    api_url: str
    api_key: str = field(repr=False)
    sandbox: bool
    ca_bundle: str | None
    pace: Pace = field(default_factory=Pace, compare=False)
    _rosters: dict[str, Roster] = field(default_factory=lambda: defaultdict(Roster), compare=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    @staticmethod
    @functools.cache
    def shared(*, api_url: str, api_key: str, sandbox: bool, ca_bundle: str | None) -> Workspace:
        """The same for the same arguments: Pulumi makes one provider per kind in a process, for one workspace."""
        return Workspace(api_url, api_key, sandbox, ca_bundle)

    def roster(self, noun: str) -> Roster:
        with self._lock:
            return self._rosters[noun]

"""How fast one process may call one workspace. TruGen documents no limit: the user may set one, and 429 is obeyed."""

from __future__ import annotations

import threading
from collections.abc import Callable

# After a 429 the calls are spaced, further with each more, and closer again with each success.
_FIRST_SPACING_S = 0.05
_WIDEST_SPACING_S = 2.0
_QUICKENING = 0.97
_NOTICEABLE_S = 0.001


class Pace:
    """
    Spaces the calls of all threads that share it.

    Args:
        max_calls_per_s: None for no limit but the one that the server's 429s teach.
    """

    def __init__(self, max_calls_per_s: float | None = None) -> None:
        self._least_s = 1 / max_calls_per_s if max_calls_per_s else 0.0
        self._spacing_s = self._least_s
        self._next_at = float("-inf")
        self._lock = threading.Lock()

    def take_turn(self, clock: Callable[[], float], sleep: Callable[[float], object]) -> float:
        """Block until this call may start; returns the seconds waited."""
        with self._lock:
            now = clock()
            turn = max(now, self._next_at)
            self._next_at = turn + self._spacing_s
        if turn > now:
            sleep(turn - now)
        return turn - now

    def hold(self, until: float) -> None:
        """Let no call start before *until*, and space the later ones: one 429 speaks to all threads."""
        with self._lock:
            self._next_at = max(self._next_at, until)
            self._spacing_s = min(max(self._spacing_s * 2, _FIRST_SPACING_S), max(_WIDEST_SPACING_S, self._least_s))

    def quicken(self) -> None:
        """A call was served: come back, slowly, to the pace before the 429s."""
        with self._lock:
            closer_s = self._spacing_s * _QUICKENING
            self._spacing_s = max(self._least_s, closer_s if closer_s > _NOTICEABLE_S else 0.0)

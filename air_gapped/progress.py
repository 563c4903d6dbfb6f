"""What a person sees while the machine is prepared: one line per news, with elapsed time."""

import threading
import time
from collections.abc import Callable

Report = Callable[[str], None]


class Progress:
    """Lines of `[ m:ss] subject  news`, at most one per subject every few seconds unless it is a new phase."""

    def __init__(self, *, every_s: float = 5.0) -> None:
        self._start = time.monotonic()
        self._every_s = every_s
        self._last: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def elapsed_s(self) -> float:
        return time.monotonic() - self._start

    def reporter(self, subject: str) -> Report:
        return lambda news: self.say(subject, news)

    def say(self, subject: str, news: str) -> None:
        phase = news.split(" ", 1)[0]
        with self._lock:
            now = self.elapsed_s()
            before_s, phase_before = self._last.get(subject, (-self._every_s, ""))
            if phase == phase_before and now - before_s < self._every_s:
                return
            self._last[subject] = (now, phase)
            print(f"[{clock(now)}] {subject:<14} {news}", flush=True)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60:2d}:{int(seconds) % 60:02d}"

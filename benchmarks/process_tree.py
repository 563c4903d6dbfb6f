"""Run a command and weigh it: wall clock, CPU seconds, and the largest memory of the whole process tree."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Rarely, on two cores: looking at /proc 20 times a second made the runs that are weighed up to a sixth slower.
_SAMPLE_EVERY_S = 0.25
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class CommandFailed(Exception):
    """The command did not end with the status asked for; the text is what it printed."""


@dataclass(frozen=True)
class Weighed:
    """
    What one command took.

    Attributes:
        peak_rss_bytes: Largest sum of the resident sets of all processes of the tree, in samples 250 ms apart; pages
            that processes share count once in each.
        cpu_s_by_role: CPU seconds per role, as the samples last saw them.
    """

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    printed: str
    cpu_s_by_role: Mapping[str, float] = field(default_factory=dict)


def weighed(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], role: Callable[[str], str] = lambda words: words
) -> Weighed:
    """
    Run *command* to its end.

    Args:
        role: Turns the command line of a process into the name under which its CPU time is summed.

    Raises:
        CommandFailed: Exit status other than 0.
    """
    log = cwd / "command.log"
    start_s, before_s = time.monotonic(), _children_cpu_s()
    samples = _Samples()
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=sink, stderr=subprocess.STDOUT)
        ended = threading.Event()
        watch = threading.Thread(target=samples.take, args=(process.pid, ended))
        watch.start()
        process.wait()
        wall_s = time.monotonic() - start_s
        ended.set()
        watch.join()
    printed = log.read_text(errors="replace")
    if process.returncode != 0:
        raise CommandFailed(f"`{' '.join(command)}` ended with status {process.returncode}:\n{printed[-4000:]}")
    by_role: dict[str, float] = {}
    for words, used_s in samples.cpu_s.values():
        by_role[role(words)] = by_role.get(role(words), 0.0) + used_s
    return Weighed(wall_s, _children_cpu_s() - before_s, samples.peak_rss_bytes, printed, by_role)


@dataclass
class _Samples:
    peak_rss_bytes: int = 0
    cpu_s: dict[int, tuple[str, float]] = field(default_factory=dict)

    def take(self, root: int, ended: threading.Event) -> None:
        while True:
            rss_bytes = 0
            for pid in _tree(root):
                words, used_s, pages = _sample(pid)
                self.cpu_s[pid] = (words or self.cpu_s.get(pid, ("", 0.0))[0], used_s)
                rss_bytes += pages * _PAGE_BYTES
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss_bytes)
            if ended.wait(_SAMPLE_EVERY_S):
                return


def _children_cpu_s() -> float:
    """Of every process below us that has been waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        try:
            tasks = list(Path(f"/proc/{pid}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:
            continue  # ended while we looked
    return found


def _sample(pid: int) -> tuple[str, float, int]:
    """Command line, CPU seconds and resident pages; nothing of a process that has ended."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0.0, 0
    return words, (int(fields[11]) + int(fields[12])) / _TICKS_PER_S, int(fields[21])

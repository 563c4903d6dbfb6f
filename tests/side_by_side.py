"""
The slow tests in lanes that run side by side: `python -m tests.side_by_side`, for `make test`.

Those with Docker wait most of their time (two seconds before each look at a network, a model that loads), the others
compute. The first lane's output is shown as it comes, the others' when they end.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

LANES = {
    "real CLI, Docker and Ollama": "end_to_end and docker and not gateway",
    "gateway and changes behind it": "end_to_end and gateway",
    "real CLI": "end_to_end and not docker",
    "faults, killed processes, generated calls": "contract",
}
_LOOK_EVERY_S = 20.0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        logs = {name: Path(folder) / f"{number}.log" for number, name in enumerate(LANES)}
        first, *others = LANES
        running = {name: _started(LANES[name], logs[name]) for name in others}
        running[first] = _started(LANES[first], None)
        return max(_ended(name, process, logs[name] if name in others else None) for name, process in running.items())


def _started(marks: str, log: Path | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-u", "-m", "pytest", "-m", marks]  # -u: a log shows how far it is
    if log is None:
        return subprocess.Popen(command)
    with log.open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def _ended(name: str, process: subprocess.Popen[bytes], log: Path | None) -> int:
    """Wait for a lane, saying so, and show what it printed."""
    while True:
        try:
            status = process.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            print(f"\n[{name}] still running{_progress(log)}", flush=True)
        else:
            break
    print(f"\n[{name}] ended with status {status}", flush=True)
    if log is not None:
        print(log.read_text(errors="replace"), flush=True)
    return abs(status)


def _progress(log: Path | None) -> str:
    """The last line of *log* that says how far it is."""
    lines = log.read_text(errors="replace").splitlines() if log else []
    last = next((line.strip() for line in reversed(lines) if line.rstrip().endswith("%]")), "")
    return f": {last}" if last else ""


if __name__ == "__main__":
    sys.exit(main())

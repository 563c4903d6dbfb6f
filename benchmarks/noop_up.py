"""
How long does `pulumi up` take when nothing has changed, and how much of it is ours?

The floor is an empty program in the same project, run in turn with ours, with the same engine and options (preview,
refresh). Ours is the local stack: one Ollama, one model, one gate, one agent, the sandbox. Goal: 0.9 s above the floor.
"""

import statistics
import tempfile
import time
from pathlib import Path

from tests.fixtures.deployment import Deployment

ROUNDS = 7


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours = Deployment(Path(folder) / "ours", "noop")
        floor = Deployment(Path(folder) / "floor", "floor")
        (floor.folder / "__main__.py").write_text('"""Nothing."""\n')
        try:
            ours.deployed()
            floor.up()
            _report([(_seconds(floor), _seconds(ours)) for _ in range(ROUNDS)])
        finally:
            ours.destroy()


def _seconds(deployment: Deployment) -> float:
    start_s = time.monotonic()
    result = deployment.up("--expect-no-changes")
    took_s = time.monotonic() - start_s
    assert result.status == 0, result.printed
    return took_s


def _report(rounds: list[tuple[float, float]]) -> None:
    for name, column in (("empty program", 0), ("local stack", 1)):
        seconds = [pair[column] for pair in rounds]
        median = statistics.median(seconds)
        print(f"{name:<14} min {min(seconds):.2f} s   median {median:.2f} s   max {max(seconds):.2f} s")
    above = statistics.median(ours - floor for floor, ours in rounds)
    ratio = statistics.median(ours / floor for floor, ours in rounds)
    print(f"ours above the floor: median {above:.2f} s ({ratio:.2f} times the floor), {len(rounds)} rounds in turn")


if __name__ == "__main__":
    main()

"""What a check of the supply chain found out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROJECT = Path(__file__).resolve().parents[2]
# What `pip install --require-hashes` is given: of the product, and of the tests on top of it.
LOCKS = (PROJECT / "requirements.txt", PROJECT / "tests" / "requirements.txt")

Status = Literal["passed", "failed", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """`unknown` is not `passed`: nobody could be asked, or not about everything."""

    subject: str
    status: Status
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n  ".join((f"{self.subject}: {self.status}", *self.lines))

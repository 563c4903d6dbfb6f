"""What `doctor` says of one thing."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """
    One thing looked at. `unknown` means that it could not be looked at, and is neither good nor bad; `warning` that it
    works and may be regretted.
    """

    subject: str
    verdict: Literal["ok", "warning", "fault", "unknown"]
    detail: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f"\n{'':<11}next: {self.next_step}" if self.next_step else ""
        return f"{self.verdict:<8} {self.subject:<16} {self.detail}{step}"

"""
The errors a wait may end with.

    NotReady             root: says which endpoint, why, its last answer and what to type next
    ├── StillStarting    no answer that counts, and the time is used up
    ├── StillBusy        alive, but refusing by 429 for longer than we may wait
    ├── CannotServe      waiting would not help: wrong request, token, model, or a dead container
    └── KeepsFailing     tried again and failed again
"""

from dataclasses import dataclass
from typing import ClassVar

from components.llm.gate.checks import Check
from components.llm.gate.setback import FailureClass


@dataclass(frozen=True)
class Circumstances:
    """What a person needs beside the cause."""

    base_url: str
    model: str
    phase: str
    waited_s: float
    last_answer: str
    log_tail: tuple[str, ...]
    next_step: str


class NotReady(Exception):
    """The endpoint is not ready: *cause* in one line, *circumstances* around it, *checks* made, the failed one last."""

    failure_class: ClassVar[FailureClass]

    def __init__(self, cause: str, circumstances: Circumstances, checks: tuple[Check, ...]) -> None:
        self.cause = cause
        self.checks = checks
        self.circumstances = circumstances
        super().__init__(self._text())

    def _text(self) -> str:
        around = self.circumstances
        when = f"(phase {around.phase}, after {around.waited_s:.1f} s)"
        lines = [f"{around.base_url} is not ready for {around.model!r}: {self.cause} {when}."]
        if around.last_answer and around.last_answer not in self.cause:
            lines.append(f"  Last answer: {around.last_answer}")
        if around.log_tail:
            lines += ["  Last log lines of its container:", *(f"    {line}" for line in around.log_tail)]
        return "\n".join([*lines, f"  {around.next_step}"])


class StillStarting(NotReady):
    failure_class = "starting"


class StillBusy(NotReady):
    failure_class = "busy"


class CannotServe(NotReady):
    failure_class = "fatal"


class KeepsFailing(NotReady):
    failure_class = "suspect"

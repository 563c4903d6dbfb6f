"""What the evidence says of an assumption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["confirmed", "refuted", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """
    Attributes:
        evidence: one line, of our own words, counts and names of members; never a value of somebody's agent.
        advice: what to set or to know; always there for what is refuted.
    """

    outcome: Outcome
    evidence: str
    advice: str = ""

    def __post_init__(self) -> None:
        if (self.outcome == "refuted") != bool(self.advice):
            raise ValueError("a refuted verdict, and no other, has advice")


def confirmed(evidence: str) -> Verdict:
    return Verdict("confirmed", evidence)


def refuted(evidence: str, advice: str) -> Verdict:
    return Verdict("refuted", evidence, advice)


def unknown(evidence: str) -> Verdict:
    return Verdict("unknown", evidence)

"""What a passed gate leaves behind: no secret, and of the generated text a sample only."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from components.llm.gate.checks import Check
from components.llm.gate.recording import Recording
from components.llm.gate.target import Target

PROBE_VERSION = "2"


@dataclass(frozen=True)
class Ttft:
    """
    Times to first token in seconds, connecting included, as every call of TruGen's may have to connect too.

    `cold` is the first request, the loading of weights included; None for a hosted endpoint, where nobody knows.
    """

    cold: float | None
    warm_p50: float
    warm_p95: float

    @classmethod
    def measured(cls, cold: float | None, warm: Sequence[float]) -> "Ttft":
        nearest_rank = sorted(warm)[math.ceil(0.95 * len(warm)) - 1]
        return cls(cold, median(warm), nearest_rank)


@dataclass(frozen=True)
class Evidence:
    """The figures are those of the URL the agent will call: the public one where there is one."""

    base_url: str
    model: str
    engine: str
    checks: tuple[Check, ...]
    ttft_s: Ttft
    tokens_per_s: float | None
    longest_gap_s: float
    capabilities: Mapping[str, Any]
    probed_at: datetime

    @classmethod
    def of_streams(
        cls,
        streams: Sequence[Recording],
        *,
        target: Target,
        cold_s: float | None,
        capabilities: Mapping[str, Any],
    ) -> "Evidence":
        speeds = [speed for stream in streams if (speed := stream.tokens_per_s) is not None]
        return cls(
            base_url=target.agent_url,
            model=target.model,
            engine=target.engine,
            checks=(),
            ttft_s=Ttft.measured(cold_s, [ttft_s for stream in streams if (ttft_s := stream.ttft_s) is not None]),
            tokens_per_s=median(speeds) if speeds else None,
            longest_gap_s=max(stream.longest_gap_s for stream in streams),
            capabilities=capabilities,
            probed_at=datetime.now(UTC),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, seconds to the millisecond; what is not known is left out."""
        figures = {
            "base_url": self.base_url,
            "model": self.model,
            "engine": self.engine,
            "checks": [{"id": check.id, "verdict": check.verdict, "detail": check.detail} for check in self.checks],
            "ttft_s": _known(
                cold=_rounded(self.ttft_s.cold),
                warm_p50=_rounded(self.ttft_s.warm_p50),
                warm_p95=_rounded(self.ttft_s.warm_p95),
            ),
            "capabilities": dict(self.capabilities),
            "probed_at": self.probed_at.isoformat(timespec="seconds"),
            "probe_version": PROBE_VERSION,
        }
        speed = _known(tokens_per_s=_rounded(self.tokens_per_s), longest_gap_s=_rounded(self.longest_gap_s))
        return {**figures, **speed}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _known(**values: float | None) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}

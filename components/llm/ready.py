"""What a stack says about when an endpoint counts as ready."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.llm.declared import Declared, Seconds


class Ready(Declared):
    """Limits in seconds."""

    stall_timeout_s: Seconds = 180
    timeout_s: Seconds = 1200
    successes: Annotated[int, Field(ge=1, le=20)] = 2
    ttft_budget_s: Seconds | None = None
    ttft_budget_action: Literal["warn", "fail"] = "warn"

    @model_validator(mode="after")
    def _stall_fits(self) -> Self:
        if self.stall_timeout_s > self.timeout_s:
            raise ValueError(f"stallTimeoutS {self.stall_timeout_s:g} is above timeoutS {self.timeout_s:g}")
        return self


class HubReady(Ready):
    """An engine that fetches its own weights, then compiles and captures graphs for minutes without a line of log."""

    stall_timeout_s: Seconds = 600
    timeout_s: Seconds = 3600


class HostedReady(Ready):
    """A hosted endpoint is up or not: waiting long only hides the fault."""

    stall_timeout_s: Seconds = 60
    timeout_s: Seconds = 60

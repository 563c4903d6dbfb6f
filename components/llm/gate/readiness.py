"""
Is this endpoint ready for TruGen? Ready = a streamed chat completion came back, over the URL and with the token that
TruGen will use. No Pulumi here: the gate, the CLI and the tests call the same two functions.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from components.llm.gate.calls import Caller
from components.llm.gate.chat_requests import ONE_TOKEN, counting
from components.llm.gate.container_state import ContainerWatch
from components.llm.gate.evidence import Evidence
from components.llm.gate.failure import NotReady
from components.llm.gate.listing import openai_listing
from components.llm.gate.phases import all_phases
from components.llm.gate.probe import Probe, refuse_errors
from components.llm.gate.setback import Setback
from components.llm.gate.target import Target
from components.llm.gate.wait import Budget, Wait
from components.redaction import Redactor

__all__ = ["Budget", "Evidence", "Health", "NotReady", "Target", "probe_once", "wait_until_ready"]

_ONCE_LIMIT_S = 10.0


@dataclass(frozen=True)
class Health:
    """One look at an endpoint; `reason` says what is wrong."""

    healthy: bool
    reason: str = ""


def wait_until_ready(
    target: Target,
    *,
    budget: Budget,
    on_progress: Callable[[str], None],
    before_public: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Evidence:
    """
    Block until *target* streams chat completions as TruGen needs them.

    Args:
        target: What to call.
        budget: Limits, and what counts as ready.
        on_progress: Gets one line per phase and per second: phase, last answer, seconds waited.
        before_public: Called once all is proven at the base URL, to lead the public URL there.
        clock: Monotonic seconds.
        sleep: Called between polls.

    Raises:
        NotReady: The subclasses tell whether waiting longer may help.
    """
    redactor = Redactor(target.token, target.private_token)
    with ExitStack() as stack:
        look = stack.enter_context(ContainerWatch(target.container_id, redactor)) if target.container_id else None
        wait = Wait(target, budget, look=look, clock=clock, sleep=sleep, on_progress=on_progress)
        caller = Caller(redactor, clock=clock, tick=wait.tick, heard=wait.heard)
        return all_phases(Probe(target, budget, wait, caller), before_public)


def probe_once(target: Target, *, clock: Callable[[], float] = time.monotonic) -> Health:
    """
    Look once, for at most 10 s, whether *target* still serves: for refresh and `doctor`.

    A hosted endpoint is asked for its models only, as every completion costs money, unless it withholds them; any
    other streams one token.
    """
    over_at = clock() + _ONCE_LIMIT_S

    def tick() -> None:
        if clock() >= over_at:
            raise Setback("starting", f"no answer within {_ONCE_LIMIT_S:g} s")

    caller = Caller(Redactor(target.token), clock=clock, tick=tick, heard=lambda: None)
    try:
        listing = openai_listing(caller, target.agent_url, target.token)
        if not target.hosted or listing.withheld:
            body = counting(target.model, max_tokens=ONE_TOKEN)
            refuse_errors(caller, caller.chat(target.agent_url, target.token, body))
    except Setback as setback:
        # 429 comes from a living endpoint.
        return Health(healthy=setback.failure_class == "busy", reason=setback.answer)
    return Health(healthy=True)

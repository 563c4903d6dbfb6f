"""
The verbs of the agent resource: dict in, dict out, no Pulumi.

Promise: when the faults stop and `up` runs again, TruGen holds exactly one agent per declared one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.agent.body import UNVERIFIED, agent_body, changed, differences, observed, outputs
from components.agent.creation import Creation
from components.agent.errors import AgentGoneError, AllAgentsGoneError
from components.agent.inputs import UNKNOWN, Failure, checked, inputs_of
from components.agent.read_back import ReadBack
from components.trugen.client import TrugenClient
from components.trugen.errors import NoAnswerError, NotFoundError, UnavailableError

SECOND_LOOK_AFTER_S = 1.0
# One missing agent was deleted by somebody; that all of several were is less likely than a wrong key.
SUSPICIOUSLY_MANY = 2


@dataclass
class RollCall:
    """Which agents one process found and missed. Shared by the threads of a provider process."""

    found: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def mark(self, id_: str, *, is_there: bool) -> None:
        with self._lock:
            (self.found if is_there else self.missed).add(id_)

    def all_missing(self) -> set[str]:
        """Every agent asked for, when none of them is there and they are several; else nothing."""
        with self._lock:
            return set() if self.found or len(self.missed) < SUSPICIOUSLY_MANY else set(self.missed)


class AgentLifecycle:
    """
    The verbs against one workspace.

    Args:
        roll: Shared by all reads of the process.
        sleep: Seconds; replaceable in tests, like the client's.
        say: Told in one line about everything that takes long.
    """

    def __init__(
        self,
        api: TrugenClient,
        *,
        roll: RollCall,
        sleep: Callable[[float], object] = time.sleep,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api = api
        self._roll = roll
        self._sleep = sleep
        self._read_back = ReadBack(api, sleep, say)
        self._creation = Creation(api, self._read_back, sleep, say)

    def create(self, props: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return id and outputs. Raises only while no agent of ours is known to exist."""
        return self._creation.create(inputs_of(props))

    def adoption(self, props: Mapping[str, Any]) -> list[str]:
        """Names of the inputs that taking over `adopt_agent_id` would change; raises `NotFoundError`."""
        inputs = inputs_of(props)
        return differences(self._api.get_agent(inputs["adopt_agent_id"]), inputs)

    def read(self, id_: str, props: Mapping[str, Any]) -> dict[str, Any] | None:
        """Outputs as TruGen shows them now, None when the agent is gone. What it does not show keeps its record."""
        document = self._look(id_)
        if document is None:
            return None
        kept = {key: props[key] for key in ("status", "status_reason") if props.get(key) is not None}
        return {"status": UNVERIFIED, **observed(document, inputs_of(props)), **kept}

    def update(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Send the complete document over whatever is there, and return the outputs."""
        inputs = inputs_of(news)
        try:
            self._api.get_agent(id_)
            self._api.replace_agent(id_, agent_body(inputs))
        except NotFoundError:
            raise AgentGoneError(id_) from None
        reason = self._read_back.reason(id_, inputs)
        if olds.get("status") == UNVERIFIED and not inputs.get("exact_name"):
            # The create may have ended before it could take back a duplicate of its own.
            return self._creation.alone(id_, inputs, reason)
        return outputs(inputs, reason)

    def delete(self, id_: str) -> None:
        """Gone already counts as done; an unanswered DELETE is looked after and repeated once."""
        for last in (False, True):
            try:
                self._api.delete_agent(id_)
            except NotFoundError:
                return
            except (NoAnswerError, UnavailableError):
                if self._is_gone(id_):
                    return
                if last:
                    raise
            else:
                return

    def _is_gone(self, id_: str) -> bool:
        try:
            self._api.get_agent(id_)
        except NotFoundError:
            return True
        return False

    def _look(self, id_: str) -> dict[str, Any] | None:
        try:
            document = self._api.get_agent(id_)
        except NotFoundError:
            return self._second_look(id_)
        self._roll.mark(id_, is_there=True)
        return document

    def _second_look(self, id_: str) -> dict[str, Any] | None:
        """A single 404 may come from a replica that lags; dropping an agent from the state would make a twin of it."""
        self._roll.mark(id_, is_there=False)
        self._sleep(SECOND_LOOK_AFTER_S)
        listed = next((agent for agent in self._api.search_agents(id_) if agent["id"] == id_), None)
        if listed is None and self._is_gone(id_):
            missing = self._roll.all_missing()
            if missing:
                raise AllAgentsGoneError(missing)
            return None
        self._roll.mark(id_, is_there=True)
        return listed or self._api.get_agent(id_)


def check(news: Mapping[str, Any], *, sandbox: bool) -> tuple[dict[str, Any], list[Failure]]:
    """Inputs to go on with, and one failure per wrong property. No I/O; unknowns pass."""
    return checked(news, public=not sandbox)


@dataclass(frozen=True)
class Difference:
    changed: list[str]
    replaces: list[str]


def diff(id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
    """*olds* are the recorded outputs. Only another `adopt_agent_id` is another agent; all else is an update."""
    adopted = news.get("adopt_agent_id")
    other = adopted is not None and adopted not in {id_, olds.get("adopt_agent_id"), UNKNOWN}
    replaces = ["adopt_agent_id"] if other else []
    return Difference([*changed(olds, news), *replaces], replaces)

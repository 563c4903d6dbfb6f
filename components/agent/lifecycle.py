"""The verbs of an agent, and the check of its inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from components.agent.inputs import checked
from components.agent.kind import AGENT
from components.lifecycle import verbs
from components.lifecycle.checks import Failure
from components.lifecycle.roster import Roster
from components.lifecycle.verbs import Difference, Lifecycle
from components.trugen.client import TrugenClient


class AgentLifecycle(Lifecycle):
    """The verbs against one workspace; arguments as of `Lifecycle`."""

    def __init__(
        self,
        api: TrugenClient,
        *,
        roster: Roster,
        sleep: Callable[[float], object] = time.sleep,
        say: Callable[[str], None] = lambda _: None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(AGENT, api.agents, roster=roster, sleep=sleep, say=say, note=note)


def check(news: Mapping[str, Any], *, sandbox: bool) -> tuple[dict[str, Any], list[Failure]]:
    """Inputs to go on with, and one failure per wrong property. No I/O; unknowns pass."""
    return checked(news, public=not sandbox)


def diff(id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
    return verbs.diff(AGENT, id_, olds, news)

"""
All agents of a stack.

Many agents cost more than many times one: Pulumi's program loop goes through every pending output whenever one
resolves, and a bookkeeping resource per agent doubles the calls to the engine and the state (docs/adr/0007). So a fleet
is registered through a window, and verified by one resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from components.agent.resource import AgentVerified, AllVerified, TrugenAgent
from components.lifecycle.kind import VERIFIED

# Up to here every agent has an `AgentVerified` of its own, as the states of the first release record it.
FEW = 25
# More than a provider process works on at once, so that it never waits for the program.
WINDOW = 48

Agents = Mapping[str, TrugenAgent]


class Fleet:
    """
    Registers each agent, and what turns the run red when one is not as declared.

    Args:
        register: Registers the agent of that name.
        local: Provider of the bookkeeping resources.
    """

    def __init__(
        self, names: Sequence[str], register: Callable[[str], TrugenAgent], local: pulumi.ProviderResource
    ) -> None:
        opts = pulumi.ResourceOptions(provider=local)
        self._few: Agents = {}
        self._many: pulumi.Output[Agents] | None = None
        if len(names) <= FEW:
            self._few = {name: register(name) for name in names}
            for name, agent in self._few.items():
                AgentVerified(name, agent, opts)
        else:
            self._many = pulumi.Output.from_input(_through_window(names, register))
            AllVerified("agents", self._many.apply(_verdicts), opts)

    def resources(self, names: Sequence[str]) -> Any:
        """The agents of these *names*, for `depends_on`."""
        if self._many is None:
            return [self._few[name] for name in names]
        return self._many.apply(lambda agents: [agents[name] for name in names])

    def summaries(self, summary: Callable[[TrugenAgent], Any]) -> Any:
        """What a person wants to know of each agent, by name."""
        if self._many is None:
            return {name: summary(agent) for name, agent in self._few.items()}
        return self._many.apply(
            lambda agents: pulumi.Output.all(**{name: summary(agent) for name, agent in agents.items()})
        )


async def _through_window(names: Sequence[str], register: Callable[[str], TrugenAgent]) -> Agents:
    window = asyncio.Semaphore(WINDOW)

    async def one(name: str) -> TrugenAgent:
        async with window:
            agent = register(name)
            await agent.id.future()
            return agent

    return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))


def _verdicts(agents: Agents) -> pulumi.Output[dict[str, str]]:
    """By agent: its id and why it is not verified, for those that are not."""
    told = {
        name: pulumi.Output.all(agent.id, agent.status, agent.status_reason).apply(_verdict)
        for name, agent in agents.items()
    }
    return pulumi.Output.all(**told).apply(lambda found: {name: why for name, why in found.items() if why})


def _verdict(shown: Sequence[str]) -> str:
    id_, status, reason = shown
    return "" if status == VERIFIED else f"{id_}: {reason or 'its status is unknown'}"

"""
All agents of a stack.

Many agents cost more than many times one: a bookkeeping resource per agent doubles the calls to the engine and the
state, and Pulumi's program loop, when it finds no registration under way yet, goes through every pending output
whenever one resolves (docs/adr/0007).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pulumi

from components.agent.resource import AgentVerified, AllVerified, TrugenAgent
from components.lifecycle.kind import VERIFIED

# Up to here every agent has an `AgentVerified` of its own, as the states of the first release record it.
FEW = 25
_TURNS_OF_THE_LOOP = 3

Agents = Mapping[str, TrugenAgent]


def verify(agents: Agents, *, few: pulumi.ProviderResource, many: pulumi.ProviderResource) -> None:
    """
    Register what turns the run red when an agent is not as declared.

    Args:
        few: Provider of the resource per agent.
        many: Provider of the one resource for all, in the process that has the agents.
    """
    if len(agents) > FEW:
        AllVerified("agents", _unverified(agents), pulumi.ResourceOptions(provider=many))
        return
    for name, agent in agents.items():
        AgentVerified(name, agent, pulumi.ResourceOptions(provider=few))


async def under_way() -> None:
    """The program's last act, for `pulumi.run`: let every registration begin before the SDK waits for outputs."""
    for _ in range(_TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)


def _unverified(agents: Agents) -> pulumi.Output[dict[str, str]]:
    """By agent: its id and why it is not verified, for those that are not."""
    told = {
        name: pulumi.Output.all(agent.id, agent.status, agent.status_reason).apply(_verdict)
        for name, agent in agents.items()
    }
    return pulumi.Output.all(**told).apply(lambda found: {name: why for name, why in found.items() if why})


def _verdict(shown: Sequence[str]) -> str:
    id_, status, reason = shown
    return "" if status == VERIFIED else f"{id_}: {reason or 'its status is unknown'}"

"""
All agents of a stack.

Many agents cost more than many times one: a bookkeeping resource per agent doubles the calls to the engine and the
state, and Pulumi's program loop, when it finds no registration under way yet, goes through every pending output
whenever one resolves (docs/adr/0007).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pulumi

from components.agent.resource import AgentVerified, AllVerified, TrugenAgent

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
        AllVerified("agents", agents, pulumi.ResourceOptions(provider=many))
        return
    for name, agent in agents.items():
        AgentVerified(name, agent, pulumi.ResourceOptions(provider=few))


def hush_sdk(count: int) -> None:
    """
    Leave the SDK's debug lines unsent when *count* agents are many; they are only ever shown under `--debug`.

    Each is a call to the engine that blocks the program's loop, four of them per resource (measured, SDK 3.272).
    """
    if count > FEW:
        pulumi.log.debug = _unsaid


def _unsaid(
    msg: str,
    resource: pulumi.Resource | None = None,
    stream_id: int | None = None,
    ephemeral: bool | None = None,  # noqa: FBT001 - the SDK's signature
) -> None: ...


async def under_way() -> None:
    """The program's last act, for `pulumi.run`: let every registration begin before the SDK waits for outputs."""
    for _ in range(_TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)

"""
The dynamic provider of the readiness gate: proves on create and update, looks on refresh.

This module's path and the class name are state format (`__provider`): moving them needs an ADR and a shim.
"""

import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime.rpc import UNKNOWN

from components.foreseen import foreseen
from components.llm.gate.needs import Needs
from components.llm.gate.readiness import Budget, NotReady, Target, probe_once, wait_until_ready
from components.llm.gateway.candidate import is_candidate, removed_unless_proven
from components.llm.gateway.door import Door
from components.llm.gateway.routes import Routes
from components.llm.volume_files import VolumeFilesError
from components.progress import report
from components.unknowns import spelled_out
from components.urls import api_root

Props = dict[str, Any]

# A change in any of these makes the old proof worthless.
PROVEN = (
    "base_url",
    "agent_url",
    "model",
    "engine",
    "token",
    "trigger",
    "container_id",
    "successes",
    "ttft_budget_s",
    "ttft_budget_action",
    "needs_tools",
    "needs_vision",
    "system_prompt_bytes",
    "auth_required",
    "gpu",
    "private_token",
    "gateway",
)
_NEEDS = {"needs_tools": False, "needs_vision": False, "system_prompt_bytes": 0}
_UNKNOWN_TO_THE_FIRST_RELEASE = {**_NEEDS, "auth_required": False, "gpu": False}
# An input of our own: the needs that agents had when a gate of the first release was upgraded.
_AT_UPGRADE = "needs_at_upgrade"
# How long to wait, and where to show it, says nothing about the endpoint.
PATIENCE = ("stall_timeout_s", "timeout_s", "progress_urn", "llm")
_PROVIDER = "__provider"
_PURPOSE = "gate"


class ReadyGateProvider(ResourceProvider):
    """Never replaces: a failed update leaves the agent pointing at the endpoint that was proven before."""

    serialize_as_secret_always = False

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """*_olds* are the inputs of the run before; none for a gate that is new."""
        news = spelled_out(news)
        failures = []
        accepted = {**news, **_needs_at_upgrade(_olds, news)}
        for key in ("base_url", "agent_url"):
            try:
                accepted[key] = news[key] if news[key] == UNKNOWN else api_root(news[key])
            except ValueError as error:
                failures.append(CheckFailure(key, str(error)))
        failures += [
            CheckFailure(key, f"is {news[key]}; write a number of seconds above 0")
            for key in ("stall_timeout_s", "timeout_s", "ttft_budget_s")
            if not _is_unset(news, key) and not (news[key] > 0 and math.isfinite(news[key]))
        ]
        if not _is_unset(news, "successes") and (news["successes"] < 1 or news["successes"] % 1):
            failures.append(CheckFailure("successes", f"is {news['successes']}; write a whole number from 1"))
        if not _is_unset(news, "system_prompt_bytes") and news["system_prompt_bytes"] < 0:
            failures.append(CheckFailure("system_prompt_bytes", f"is {news['system_prompt_bytes']}; write 0 or more"))
        if not news.get("model", "").strip():
            failures.append(CheckFailure("model", "is empty; name the model as the engine spells it"))
        return CheckResult(accepted, failures)

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        # A moved provider module has to reach the outputs too, or a later delete would look for the old one.
        news = spelled_out(news)
        known = {**_UNKNOWN_TO_THE_FIRST_RELEASE, **news.get(_AT_UPGRADE, {}), **olds}
        changed = any(known.get(key) != news.get(key) for key in (*PROVEN, _PROVIDER))
        return DiffResult(changes=changed or olds.get("healthy") is not True, replaces=[])

    @foreseen(NotReady, VolumeFilesError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult(f"ready-{secrets.token_hex(6)}", _proven(props))

    @foreseen(NotReady, VolumeFilesError)
    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        return UpdateResult(_proven(news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """Evidence stays that of the last proof: a new date on every refresh would be drift."""
        health = probe_once(_target(props))
        if not health.healthy:
            report(props.get("progress_urn", ""), f"not healthy any more: {health.reason}", keep=True)
        return ReadResult(id_, {**props, "healthy": health.healthy})


def _needs_at_upgrade(old_inputs: Mapping[str, Any], news: Mapping[str, Any]) -> Props:
    """
    What the proof of a state of the first release, which did not look at needs, has to stand for.

    Agents with these needs have been using its endpoint, so an upgrade alone proves nothing again; a need that comes
    later is proven.
    """
    if _AT_UPGRADE in old_inputs:
        return {_AT_UPGRADE: old_inputs[_AT_UPGRADE]}
    if old_inputs and "needs_tools" not in old_inputs:
        return {_AT_UPGRADE: {need: news.get(need, none) for need, none in _NEEDS.items()}}
    return {}


def _proven(props: Props) -> Props:
    place = props.get("gateway")
    with removed_unless_proven(place, props.get("container_id", ""), _PURPOSE) as before:

        def repoint() -> None:
            if place is None:
                return
            door = Door.of(place, _PURPOSE)
            door.lead((before or Routes(door.address)).moved_to(door.address, props["model"]))

        evidence = wait_until_ready(
            replace(_target(props), is_candidate=is_candidate(place, before)),
            budget=_budget(props),
            on_progress=lambda line: report(props.get("progress_urn", ""), line),
            before_public=repoint,
        )
    inputs = {key: props[key] for key in (*PROVEN, *PATIENCE) if key in props}
    return {**inputs, "evidence": evidence.as_dict(), "healthy": True}


def _target(props: Mapping[str, Any]) -> Target:
    agent_url = props["agent_url"]
    return Target(
        base_url=props["base_url"],
        model=props["model"],
        engine=props["engine"],
        token=props.get("token"),
        container_id=props.get("container_id"),
        public_url=agent_url if agent_url != props["base_url"] else None,
        name=props["llm"],
        # A state of the first release, read by a refresh, has none of the following.
        needs=Needs(
            tools=props.get("needs_tools", False),
            vision=props.get("needs_vision", False),
            system_prompt_bytes=int(props.get("system_prompt_bytes", 0)),
        ),
        auth_required=props.get("auth_required", False),
        gpu=props.get("gpu", False),
        private_token=props.get("private_token"),
    )


def _budget(props: Mapping[str, Any]) -> Budget:
    return Budget(
        stall_timeout_s=props["stall_timeout_s"],
        timeout_s=props["timeout_s"],
        successes=int(props["successes"]),  # numbers arrive as floats
        ttft_budget_s=props.get("ttft_budget_s"),
        ttft_budget_action=props["ttft_budget_action"],
    )


def _is_unset(props: Mapping[str, Any], key: str) -> bool:
    return props.get(key) is None or props[key] == UNKNOWN

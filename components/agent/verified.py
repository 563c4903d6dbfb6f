"""
The providers behind `AgentVerified` and `AllVerified`, which turn unverified objects into a failed run.

Two resources, because a create that raises loses the id of what it made: the agent is recorded, this one fails.
Module path and class name are state format, like those of provider.py.
"""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.lifecycle.errors import ManyUnverifiedError, UnverifiedError
from components.lifecycle.kind import VERIFIED
from components.lifecycle.values import UNKNOWN, holds_unknown
from components.unknowns import spelled_out


class AgentVerifiedProvider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """An unknown status is no change: while an agent is updated, only the outcome can say whether there is one."""
        news = spelled_out(_news)
        keys = ("agent_id", "status", "__provider")
        return DiffResult(changes=any(news.get(key) not in {_olds.get(key), UNKNOWN} for key in keys))

    @foreseen(UnverifiedError)
    def create(self, props: dict[str, Any]) -> CreateResult:
        _require_verified(props)
        return CreateResult(f"verified-{props['agent_id']}", props)

    @foreseen(UnverifiedError)
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        _require_verified(_news)
        return UpdateResult(_news)


def _require_verified(props: dict[str, Any]) -> None:
    if props.get("status") != VERIFIED:
        reason = str(props.get("status_reason") or "its status is unknown")
        raise UnverifiedError("agent", str(props["agent_id"]), reason)


class AllVerifiedProvider(ResourceProvider):
    """One for many: its input names those that are not verified, so in a good run it holds nothing."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """An unknown verdict is no change, as above."""
        news = spelled_out(_news)
        moved = news.get("__provider") not in {_olds.get("__provider"), UNKNOWN}
        return DiffResult(changes=moved or (bool(news["unverified"]) and not holds_unknown(news["unverified"])))

    @foreseen(ManyUnverifiedError)
    def create(self, props: dict[str, Any]) -> CreateResult:
        _require_none(props)
        return CreateResult("verified", props)

    @foreseen(ManyUnverifiedError)
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        _require_none(_news)
        return UpdateResult(_news)


def _require_none(props: dict[str, Any]) -> None:
    if props["unverified"]:
        raise ManyUnverifiedError(props["unverified"])

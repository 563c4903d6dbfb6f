"""
The provider behind `AttachmentsVerified`, which turns an unverified attachment into a failed run.

One resource for all of a stack: they are there together or not at all. Module path and class name are state format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.lifecycle.errors import UnverifiedManyError
from components.lifecycle.kind import VERIFIED
from components.lifecycle.values import holds_unknown
from components.unknowns import spelled_out


class AttachmentsVerifiedProvider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """An unknown status is no change: while an attachment is updated, only the outcome can say what it is."""
        news = spelled_out(_news)
        changed = [key for key in ("attachments", "__provider") if news.get(key) != _olds.get(key)]
        unknown = changed == ["attachments"] and _only_unknown(_olds.get("attachments"), news.get("attachments"))
        return DiffResult(changes=bool(changed) and not unknown)

    @foreseen(UnverifiedManyError)
    def create(self, props: dict[str, Any]) -> CreateResult:
        _require_verified(props["attachments"])
        return CreateResult("attachments-verified", props)

    @foreseen(UnverifiedManyError)
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        _require_verified(_news["attachments"])
        return UpdateResult(_news)


def _only_unknown(olds: Any, news: Any) -> bool:
    """Whether all that differs is unknown, and none came or went."""
    if not isinstance(olds, Mapping) or not isinstance(news, Mapping) or olds.keys() != news.keys():
        return False
    return all(
        holds_unknown(news[name][key]) or news[name][key] == olds[name].get(key) for name in news for key in news[name]
    )


def _require_verified(attachments: Mapping[str, Mapping[str, Any]]) -> None:
    reasons = {
        f"{name} ({one['id']})": str(one.get("status_reason") or "its status is unknown")
        for name, one in attachments.items()
        if one.get("status") != VERIFIED
    }
    if reasons:
        raise UnverifiedManyError(reasons)

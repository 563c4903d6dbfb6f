"""
Three views of one input, and what follows from them: what is declared, what was recorded, what TruGen shows. Pure.

A read puts what TruGen shows into the record, so that a plan shows it, and notes beside it a digest of what was
recorded before. By that digest a later `up` still tells an edit made elsewhere from a change of the declaration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.lifecycle.checks import DRIFT
from components.lifecycle.kind import Inputs, Json, Kind
from components.lifecycle.values import canonical, holds_unknown

_DIGEST_CHARACTERS = 16


@dataclass(frozen=True)
class Seen:
    """What a read found: the inputs to record, the drift to note beside them, and the edits by what becomes of them."""

    inputs: Json
    drift: Mapping[str, str]
    kept: tuple[str, ...]
    others: tuple[str, ...]


def seen(kind: Kind, document: Mapping[str, Any], props: Mapping[str, Any]) -> Seen:
    """Compare *document* with the recorded *props*; inputs that are kept stay recorded as they were declared."""
    recorded = kind.inputs_of(props)
    shown = kind.observed(document, recorded)
    edited = [key for key in shown if key not in recorded or not kind.same(key, recorded[key], shown[key])]
    kept = tuple(key for key in edited if kind.policy(key, recorded) == "keep")
    others = tuple(key for key in edited if key not in kept)
    noted = {key: _digest(kind, key, recorded.get(key)) for key in others}
    drift = {**noted, **dict(props.get(DRIFT) or {})}
    return Seen({**shown, **{key: recorded[key] for key in kept if key in recorded}}, drift, kept, others)


def refused(kind: Kind, olds: Mapping[str, Any], news: Inputs) -> list[str]:
    """
    Inputs that were edited elsewhere and whose policy is `fail`: the plan must not go on.

    Args:
        olds: As a read left them, `drift` included.
        news: Declared; an input whose declaration changed since, or is now what TruGen shows, is settled.
    """
    noted = dict(olds.get(DRIFT) or {})
    return sorted(
        key
        for key in noted
        if kind.policy(key, news) == "fail"
        and not holds_unknown(news.get(key))
        and not kind.same(key, olds.get(key), news.get(key))
        and noted[key] == _digest(kind, key, news.get(key))
    )


def settled(kind: Kind, document: Mapping[str, Any], olds: Mapping[str, Any], wanted: Inputs) -> tuple[Json, list[str]]:
    """
    What an update sends when *document* is there: *wanted*, with the edits that are to be kept; and what is refused.

    An edit is an input that TruGen shows otherwise than recorded while its declaration did not change.
    """
    recorded = kind.inputs_of(olds)
    noted = dict(olds.get(DRIFT) or {})
    sent: Json = dict(wanted)
    fails = []
    for key, value in kind.observed(document, wanted).items():
        declared, policy = wanted.get(key), kind.policy(key, wanted)
        undeclared = kind.same(key, recorded.get(key), declared) or noted.get(key) == _digest(kind, key, declared)
        if policy == "overwrite" or not undeclared or kind.same(key, value, declared):
            continue
        if policy == "keep":
            sent[key] = value
        else:
            fails.append(key)
    return sent, sorted(fails)


def _digest(kind: Kind, key: str, value: Any) -> str:
    text = json.dumps(canonical(value, unordered=key in kind.unordered), sort_keys=True)
    return hashlib.sha256(f"{key}:{text}".encode()).hexdigest()[:_DIGEST_CHARACTERS]

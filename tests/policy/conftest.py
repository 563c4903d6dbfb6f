"""Resources as policies see them, fine unless a test says otherwise."""

from collections.abc import Mapping
from typing import Any

import pytest

from policy.rules import RULES
from policy.seen import AGENT, CONTAINER, Seen
from policy.verdict import NotYet, Violation

STRONG = "vR3x_W8kQ2mZ7tLcYb5NfHs0JdGpXaUe9iOqTw4DjKM"
DIGEST = f"caddy:2.11.7@sha256:{'0' * 64}"
IN_THE_GATEWAY = "trugen-llm:index:LlmEndpoint$trugen-llm:index:Gateway$docker:index/container:Container"
IN_THE_SERVER = "trugen-llm:index:LlmEndpoint$trugen-llm:index:LlmServer$docker:index/container:Container"


def agent(**changes: Any) -> Seen:
    props = {"llm_provider": "custom", "llm_url": "https://llm.example.com/v1", "llm_token": STRONG, **changes}
    return Seen(AGENT, "concierge", urn(AGENT), props, protect=True)


def container(types: Any = CONTAINER, **changes: Any) -> Seen:
    return Seen(CONTAINER, "main", urn(types), {"image": DIGEST, "memory": 64.0, "memorySwap": 64.0, **changes})


def urn(types: str, name: str = "main") -> str:
    return f"urn:pulumi:test::trugen-llm::{types}::{name}"


def violations(policy: str, seen: Seen, settings: Mapping[str, Any] | None = None) -> list[str]:
    return [one.text for one in _findings(policy, seen, settings) if isinstance(one, Violation)]


def not_yet(policy: str, seen: Seen) -> list[str]:
    return [one.what for one in _findings(policy, seen, None) if isinstance(one, NotYet)]


def _findings(policy: str, seen: Seen, settings: Mapping[str, Any] | None) -> list[Any]:
    (rule,) = (one for one in RULES if one.id == policy)
    return list(rule.findings(seen, settings or {}))


@pytest.fixture(params=[rule.id for rule in RULES])
def policy(request: pytest.FixtureRequest) -> str:
    return str(request.param)

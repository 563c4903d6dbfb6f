"""The policy pack on what our stacks register, each held to the levels of its own `policy/config/<stack>.json`."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from policy.gateway import Placed, gateway_present
from policy.rules import EXCEPT, GATEWAY_PRESENT, IN_THE_RUN, LEVELS, RULES
from policy.seen import AGENT, ATTACHMENTS, CONTAINER, ENGINE_PARENT, GATEWAY_PARENT, IMAGE, VOLUME, Seen
from policy.verdict import Violation
from tests.program.conftest import _OUTPUTS, PROJECT_FOLDER, Program, Registered, stack_file

Run = Callable[..., Program]
_SECRET = "4dabf18193072939515e22adb298388d"
# In the shape of Groq's.
KEY = f"gsk_{secrets.token_urlsafe(39)}"
SECRETS: Mapping[str, Mapping[str, Any]] = {
    "local": {},
    "dev": {},
    "staging": {"trugenApiKey": "canary-key", "llmTokens": {"main": KEY, "hosted": KEY}},
    "production": {"trugenApiKey": "canary-key", "llmTokens": {"hosted": KEY}},
}
IDS = [rule.id for rule in RULES] + [GATEWAY_PRESENT]


def levels(stack: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PROJECT_FOLDER / "policy" / "config" / f"{stack}.json").read_text())
    return loaded


def seen(one: Registered, providers: Mapping[str, Mapping[str, Any]]) -> Seen:
    provider = providers.get(one.options.provider.rpartition("::")[0], {})
    return Seen(one.type, one.name, one.urn, _in_clear(one.inputs), one.options.protect, provider)


def _in_clear(value: Any) -> Any:
    """As Pulumi shows secrets to a policy: without their mark (rpc.py)."""
    if isinstance(value, dict):
        return _in_clear(value["value"]) if _SECRET in value else {key: _in_clear(one) for key, one in value.items()}
    return [_in_clear(one) for one in value] if isinstance(value, list) else value


def violations(program: Program, settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the resources that each policy refuses."""
    by_urn = {one.urn: one for one in program.resources}
    providers = {one.urn: one.inputs for one in program.resources if one.type.startswith("pulumi:providers:")}
    stack = [seen(one, providers) for one in program.resources]
    found = {
        rule.id: [one.name for one in stack for told in rule.findings(one, settings[rule.id]) if _is_violation(told)]
        for rule in RULES
    }
    placed = [Placed(one, _grandparent(by_urn, one.urn)) for one in stack]
    found[GATEWAY_PRESENT] = [one.name for one, told in gateway_present(placed, {}) if _is_violation(told)]
    return {policy: names for policy, names in found.items() if names}


def _is_violation(told: object) -> bool:
    return isinstance(told, Violation)


def _grandparent(by_urn: Mapping[str, Registered], urn: str) -> str | None:
    parent = by_urn.get(by_urn[urn].options.parent)
    return None if parent is None else str(parent.options.parent)


@pytest.fixture(params=SECRETS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def program(stack: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> Program:
    """What would be there after the run: ids of images and generated tokens in the shape of real ones."""
    monkeypatch.setattr("tests.program.conftest._token", lambda _: {"value": secrets.token_urlsafe(32)})
    monkeypatch.setitem(_OUTPUTS, IMAGE, {"imageId": f"sha256:{secrets.token_hex(32)}"})
    return run(stack_file(stack)["config"], SECRETS[stack], stack=stack, recorded=[])


def test_no_policy_that_is_mandatory_for_a_stack_of_ours_refuses_anything_in_it(stack: str, program: Program) -> None:
    settings = levels(stack)
    refused = violations(program, settings)

    assert {
        policy: names for policy, names in refused.items() if settings[policy]["enforcementLevel"] == "mandatory"
    } == {}


def test_every_stack_has_a_level_for_every_policy(stack: str) -> None:
    settings = levels(stack)

    assert settings.keys() == set(IDS)
    assert {one["enforcementLevel"] for one in settings.values()} <= set(LEVELS)


def test_what_a_stack_says_to_a_policy_is_in_its_schema(stack: str) -> None:
    known = {rule.id: {"enforcementLevel", EXCEPT, *rule.settings} for rule in RULES}

    assert [
        policy for policy, said in levels(stack).items() if not said.keys() <= known.get(policy, {"enforcementLevel"})
    ] == []


def test_production_has_no_policy_switched_off() -> None:
    assert {one["enforcementLevel"] for one in levels("production").values()} == {"mandatory"}


def test_the_pack_knows_the_types_that_the_product_registers(run: Run) -> None:
    local = run(stack_file("local")["config"], stack="local")
    registered = {one.type for one in local.resources}

    assert {AGENT, CONTAINER, IMAGE, VOLUME, ENGINE_PARENT, GATEWAY_PARENT} <= registered
    assert [one.name for one in local.all("Container") if f"{ENGINE_PARENT}$" in one.urn] == [local.engine.name]
    assert f"{GATEWAY_PARENT}$" in local.gateway.urn
    assert len(ATTACHMENTS) == 5
    assert IN_THE_RUN not in IDS

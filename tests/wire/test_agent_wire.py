"""The agent's providers in a real provider process: real pickling, floats, `Unknown` objects and error text."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.rpc import UNKNOWN

from components.agent.provider import TrugenAgentProvider
from components.agent.verified import AgentVerifiedProvider, AllVerifiedProvider
from tests.fixtures.agent_inputs import CANARY_PROMPT, CANARY_TOKEN, agent_inputs
from tests.fixtures.dynamic_process import DynamicProcess, ProviderFailed, dynamic_process
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen, scripted_trugen

ENVIRONMENT_KEY = "canary-environment-key"
ECHO = json.dumps({"error": f"{KEY} {CANARY_TOKEN} {CANARY_PROMPT} {base64.b64encode(CANARY_TOKEN.encode()).decode()}"})


def workspace(api: ScriptedTrugen, **config: str) -> dict[str, str]:
    return {"trugen:apiUrl": api.url, "trugen:apiKey": KEY, **config}


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ScriptedTrugen, DynamicProcess]]:
    env = {"TRUGEN_API_KEY": ENVIRONMENT_KEY}
    with scripted_trugen() as api, dynamic_process(TrugenAgentProvider(), env=env) as process:
        process.configure(workspace(api, **{"trugen:sandbox": "true"}))
        yield api, process


@pytest.fixture
def api(shared: tuple[ScriptedTrugen, DynamicProcess]) -> ScriptedTrugen:
    shared[0].agents.clear()
    shared[0].faults.clear()
    shared[0].seen_headers.clear()
    return shared[0]


@pytest.fixture
def process(shared: tuple[ScriptedTrugen, DynamicProcess]) -> DynamicProcess:
    return shared[1]


def inputs(**declared: Any) -> dict[str, Any]:
    return agent_inputs(**declared)


def test_an_agent_lives_its_whole_life_over_the_wire(process: DynamicProcess, api: ScriptedTrugen) -> None:
    assert process.check(inputs()) == {}
    created = process.create(inputs())
    assert not process.diff(created.id, created.outs, inputs()).changes
    assert process.read(created.id, created.outs) == created

    api.avatar(created.id)["persona_prompt"] = "Edited elsewhere."
    drifted = process.read(created.id, created.outs)
    assert process.diff(created.id, drifted.outs, inputs()).changes
    assert process.update(created.id, drifted.outs, inputs()) == created.outs

    process.delete(created.id, created.outs)
    assert api.agents == {}


def test_numbers_reach_the_api_as_integers(process: DynamicProcess, api: ScriptedTrugen) -> None:
    process.create(inputs())

    assert repr(api.bodies[-1]["config"]["timeout"]) == "240"


def test_unknown_values_pass_check_and_are_a_change_without_replacement(process: DynamicProcess) -> None:
    unknown = {"llm_url": UNKNOWN, "llm_model": UNKNOWN, "llm_token": UNKNOWN}
    recorded = {**inputs(), "status": "verified"}

    assert process.check({**inputs(), **unknown}) == {}
    difference = process.diff("a1", recorded, {**recorded, **unknown})
    assert (difference.changes, difference.replaces) == (True, ())


def test_each_wrong_property_is_a_failure_of_its_own(process: DynamicProcess) -> None:
    assert process.check({**inputs(), "timeout_s": 0, "agent_name": ""}) == {
        "agent_name": "is empty",
        "timeout_s": "Input should be greater than 0",
    }


def test_a_wrong_url_names_no_property_since_the_engine_would_print_its_value(process: DynamicProcess) -> None:
    failures = process.check({**inputs(), "llm_url": "https://user:canary@h.example/v1"})

    assert (list(failures), "llm_url holds a user name" in failures[""], "canary" in failures[""]) == (
        [""],
        True,
        False,
    )


def test_a_wrong_secret_names_no_property_since_the_engine_prints_even_its_value(process: DynamicProcess) -> None:
    failures = process.check({**inputs(), "persona_prompt": "canary\0prompt", "llm_token": "canary token"})

    assert (list(failures), "canary" in failures[""]) == ([""], False)
    assert "persona_prompt holds a NUL" in failures[""]


def test_the_adoption_of_an_agent_that_is_not_there_fails_in_the_plan(process: DynamicProcess) -> None:
    assert process.check({**inputs(), "adopt_agent_id": "a1"}).keys() == {"adopt_agent_id"}


def test_a_sandbox_never_gets_the_real_key_of_the_environment(process: DynamicProcess, api: ScriptedTrugen) -> None:
    process.create(inputs())

    assert {headers["x-api-key"] for headers in api.seen_headers} == {KEY}


# Answers that end a call at once: the process under test sleeps real seconds before a retry.
@pytest.mark.parametrize("status", [307, 400, 401, 422])
@pytest.mark.parametrize("verb", ["GET", "PUT", "POST", "DELETE"])
def test_no_error_of_any_verb_holds_key_token_or_prompt(
    process: DynamicProcess, api: ScriptedTrugen, verb: str, status: int
) -> None:
    said: list[str] = []
    created = process.create(inputs())
    api.faults = [Fault(verb, status, ECHO.encode(), {"Location": f"http://h/{CANARY_TOKEN}"})] * 30
    changed = inputs(record=True)

    for call in (
        lambda: process.create({**inputs(), "marker": "another2"}),
        lambda: process.read(created.id, created.outs),
        lambda: process.update(created.id, created.outs, changed),
        lambda: process.delete(created.id, created.outs),
    ):
        try:
            call()
        except ProviderFailed as failure:
            said.append(str(failure))

    assert [text for text in said for secret in ("canary", CANARY_PROMPT[20:40], "Y2FuYXJ5") if secret in text] == []


def test_a_foreseen_fault_is_its_message_and_no_traceback(process: DynamicProcess, api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", 400, b'{"error": "Invalid request body"}')]

    with pytest.raises(ProviderFailed) as failure:
        process.create(inputs())

    assert str(failure.value).splitlines() == [
        "components.trugen.errors.RefusedError: TruGen refused POST /ext/agent: 400 'Invalid request body'.",
        "  Correct the value that the answer names, then run `pulumi up` again.",
    ]


def test_outside_a_sandbox_the_key_of_the_environment_wins_and_urls_must_be_public() -> None:
    with scripted_trugen() as api, dynamic_process(TrugenAgentProvider(), env={"TRUGEN_API_KEY": KEY}) as process:
        process.configure(workspace(api, **{"trugen:apiKey": "a-key-of-long-ago"}))

        process.create(inputs())

        assert {headers["x-api-key"] for headers in api.seen_headers} == {KEY}
        assert "cannot be called by TruGen: 127.0.0.1 is" in process.check(inputs())[""]


def test_an_unverified_agent_fails_the_run_and_a_verified_one_does_not() -> None:
    with dynamic_process(AgentVerifiedProvider()) as process:
        good = {"agent_id": "a1", "status": "verified", "status_reason": ""}
        bad = {"agent_id": "a1", "status": "unverified", "status_reason": "record is True instead of False"}
        created = process.create(good)

        assert not process.diff(created.id, created.outs, good).changes
        assert not process.diff(created.id, created.outs, {**good, "status": UNKNOWN}).changes
        assert process.diff(created.id, created.outs, bad).changes
        for failing in (lambda: process.create(bad), lambda: process.update(created.id, good, bad)):
            with pytest.raises(ProviderFailed, match="a1 exists but is not as declared: record is True instead of"):
                failing()


def test_a_fleet_fails_the_run_naming_each_agent_that_is_not_as_declared() -> None:
    with dynamic_process(AllVerifiedProvider()) as process:
        created = process.create({"unverified": {}})
        bad = {"unverified": {"ada": "a1: record is True instead of False", "bo": "a2: it could not be read back"}}

        assert not process.diff(created.id, created.outs, {"unverified": {}}).changes
        assert not process.diff(created.id, created.outs, {"unverified": UNKNOWN}).changes
        assert process.diff(created.id, created.outs, bad).changes
        for failing in (lambda: process.create(bad), lambda: process.update(created.id, created.outs, bad)):
            with pytest.raises(ProviderFailed, match=r"2 exist but are not as declared.\n  ada: a1: .*\n  bo: a2: "):
                failing()


PROVIDERS = {
    "components.agent.provider": "TrugenAgentProvider",
    "components.agent.verified": "AgentVerifiedProvider",
}


@pytest.mark.parametrize(("module", "name"), PROVIDERS.items())
def test_a_provider_is_stored_by_reference_the_same_from_every_interpreter(module: str, name: str) -> None:
    code = (
        f"from {module} import {name} as P; from pulumi.dynamic.dynamic import serialize_provider as s; print(s(P()))"
    )
    here = Path(__file__).parents[2]
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here
    ).stdout
    provider = {"TrugenAgentProvider": TrugenAgentProvider, "AgentVerifiedProvider": AgentVerifiedProvider}[name]()

    stored = serialize_provider(provider)

    assert (stored, len(stored) < 200) == (elsewhere.strip(), True)

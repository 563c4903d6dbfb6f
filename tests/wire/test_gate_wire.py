"""The gate in a real provider process: what the engine sends, and what the person at the CLI sees."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from components.llm.ready_gate_provider import ReadyGateProvider
from tests.fixtures.conforming import conforming
from tests.fixtures.dynamic_process import (
    PROJECT,
    DynamicProcess,
    ProviderFailed,
    RecordingEngine,
    dynamic_process,
    recording_engine,
)
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, refuse, stream
from tests.fixtures.waiting import TOKEN

URN = "urn:pulumi:local::trugen-llm::trugen-llm:index:OllamaServer::smol"


@pytest.fixture(scope="module")
def engine() -> Iterator[RecordingEngine]:
    with recording_engine() as recording:
        yield recording


@pytest.fixture(scope="module")
def gate(engine: RecordingEngine) -> Iterator[DynamicProcess]:
    with dynamic_process(ReadyGateProvider(), engine=engine.address) as process:
        yield process


def inputs(llm: ScriptedLlm) -> dict[str, Any]:
    return {
        "base_url": llm.base_url,
        "agent_url": llm.base_url,
        "model": MODEL,
        "engine": "other",
        "token": TOKEN,
        "trigger": "container-1",
        "stall_timeout_s": 30,
        "timeout_s": 60,
        "successes": 2,
        "ttft_budget_action": "warn",
        "progress_urn": URN,
        "llm": "smol",
        "needs_tools": False,
        "needs_vision": False,
        "system_prompt_bytes": 0,
        "auth_required": False,
        "gpu": False,
    }


def test_create_then_the_same_inputs_make_no_diff_and_a_refresh_no_drift(gate: DynamicProcess) -> None:
    with ScriptedLlm([stream()]) as llm:
        created = gate.create(inputs(llm))
        refreshed = gate.read(created.id, created.outs)

        assert not gate.diff(created.id, created.outs, inputs(llm)).changes
        assert created == refreshed


def test_an_endpoint_that_died_is_drift_and_an_update_heals_it(gate: DynamicProcess, engine: RecordingEngine) -> None:
    with ScriptedLlm([stream()]) as llm:
        created = gate.create(inputs(llm))
    refreshed = gate.read(created.id, created.outs)
    with ScriptedLlm([stream()]) as restarted:
        healed = gate.update(created.id, refreshed.outs, inputs(restarted))

    assert (False, True) == (refreshed.outs["healthy"], healed["healthy"])
    assert gate.diff(created.id, refreshed.outs, inputs(llm)).changes
    assert (URN, "not healthy any more: connection refused", False) == (
        (last := next(line for line in engine.lines if not line.ephemeral)).urn,
        last.message,
        last.ephemeral,
    )


def test_progress_is_shown_while_waiting(gate: DynamicProcess, engine: RecordingEngine) -> None:
    engine.lines.clear()
    with ScriptedLlm([stream()]) as llm:
        gate.create(inputs(llm))

    phases = ("transport", "warm", "stream", "refusals", "auth")
    assert [(URN, f"{phase} (0 s)") for phase in phases] == [(line.urn, line.message) for line in engine.lines]


def test_the_last_line_of_a_failure_is_the_next_step_and_no_secret_is_shown(gate: DynamicProcess) -> None:
    with ScriptedLlm([refuse(401, f"key {TOKEN} is unknown")]) as llm, pytest.raises(ProviderFailed) as failed:
        gate.create(inputs(llm))

    shown = str(failed.value)
    assert f"{llm.base_url} is not ready for '{MODEL}': HTTP 401, our token was refused" in shown
    assert "`pulumi config set --secret --path llmTokens.smol`" in shown.rstrip().splitlines()[-1]
    assert "During handling of" not in shown
    assert TOKEN not in shown


def test_what_agents_need_reaches_the_process_that_proves_it(gate: DynamicProcess) -> None:
    needed = {"needs_tools": True, "needs_vision": True, "system_prompt_bytes": 900, "auth_required": True, "gpu": True}
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        news = {**inputs(llm), **needed}
        created = gate.create(news)

        assert not gate.diff(created.id, created.outs, news).changes
    checks = {check["id"]: check["verdict"] for check in created.outs["evidence"]["checks"]}
    proven = {"C12": "pass", "O16": "pass", "O17": "pass", "O18": "pass", "gpu": "unknown", "context": "unknown"}
    assert proven.items() <= checks.items()


def test_a_state_of_the_first_release_has_nothing_to_prove_again(gate: DynamicProcess) -> None:
    later = ("needs_tools", "needs_vision", "system_prompt_bytes", "auth_required", "gpu")
    with ScriptedLlm([stream()]) as llm:
        news = inputs(llm)
        created = gate.create(news)
        kept = {key: value for key, value in created.outs.items() if key not in later}

        at_upgrade = {"needs_at_upgrade": {"needs_tools": False, "needs_vision": False, "system_prompt_bytes": 900}}
        assert not gate.diff(created.id, kept, {**news, "system_prompt_bytes": 900, **at_upgrade}).changes
        assert gate.diff(created.id, kept, {**news, "needs_tools": True}).changes


def test_bad_inputs_are_named_by_property(gate: DynamicProcess) -> None:
    with ScriptedLlm([stream()]) as llm:
        refused = gate.check({**inputs(llm), "base_url": "http://u:canary@h/v1", "timeout_s": 0})

    assert {"base_url", "timeout_s"} == refused.keys()
    assert "canary" not in str(refused)


def test_the_pickled_provider_is_the_same_in_every_process() -> None:
    program = (
        "from pulumi.dynamic.dynamic import serialize_provider;"
        "from components.llm.ready_gate_provider import ReadyGateProvider;"
        "print(serialize_provider(ReadyGateProvider()))"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert serialize_provider(ReadyGateProvider()) == elsewhere.stdout.strip()

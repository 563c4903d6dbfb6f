"""The gate's provider, called as Pulumi calls it: plain dicts, numbers as floats, keys of `None` left out."""

import math
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.rpc import UNKNOWN

from components.llm.gate.failure import CannotServe
from components.llm.ready_gate_provider import ReadyGateProvider
from tests.fixtures.conforming import conforming, kind_of
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, refuse, stream
from tests.fixtures.waiting import TOKEN

GATE = ReadyGateProvider()


def inputs(server: ScriptedLlm | None = None, /, **others: Any) -> dict[str, Any]:
    base_url = server.base_url if server else "http://127.0.0.1:11434/v1"
    return {
        "base_url": base_url,
        "agent_url": base_url,
        "model": MODEL,
        "engine": "other",
        "token": TOKEN,
        "trigger": "container-1",
        "stall_timeout_s": 180.0,
        "timeout_s": 1200.0,
        "successes": 2.0,
        "ttft_budget_action": "warn",
        "progress_urn": "urn",
        "llm": "smol",
        "needs_tools": False,
        "needs_vision": False,
        "system_prompt_bytes": 0.0,
        "auth_required": False,
        "gpu": False,
        "__provider": "pickled",
        **others,
    }


def recorded(**others: Any) -> dict[str, Any]:
    return {**inputs(), "evidence": {"probe_version": "1"}, "healthy": True, **others}


def failures(**others: Any) -> dict[str, str]:
    return {failure.property: failure.reason for failure in GATE.check({}, inputs(**others)).failures}


def test_a_passed_gate_records_its_inputs_its_evidence_and_health() -> None:
    with ScriptedLlm([stream()]) as llm:
        created = GATE.create(inputs(llm))

    outs = created.outs or {}
    proven = inputs(llm)
    del proven["__provider"]  # Pulumi adds it
    assert proven == {key: outs[key] for key in proven}
    assert (True, MODEL) == (outs["healthy"], outs["evidence"]["model"])


def test_a_proof_of_the_same_endpoint_makes_no_diff() -> None:
    with ScriptedLlm([stream()]) as llm:
        news = inputs(llm)
        outs = GATE.create(news).outs or {}

    assert not GATE.diff("ready-1", {**outs, "__provider": "pickled"}, news).changes


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://127.0.0.1:9/v1"},
        {"agent_url": "https://llm.example.com/v1"},
        {"model": "other"},
        {"engine": "hosted"},
        {"token": "rotated"},
        {"trigger": "container-2"},
        {"trigger": UNKNOWN},
        {"container_id": UNKNOWN},
        {"successes": 3.0},
        {"ttft_budget_s": 0.5},
        {"ttft_budget_action": "fail"},
        {"needs_tools": True},
        {"needs_vision": True},
        {"system_prompt_bytes": 900.0},
        {"auth_required": True},
        {"gpu": True},
        {"__provider": "moved"},
    ],
    ids=str,
)
def test_what_was_proven_is_proven_again_in_place_when_it_changes(change: dict[str, Any]) -> None:
    diff = GATE.diff("ready-1", recorded(), inputs(**change))

    assert (True, []) == (diff.changes, diff.replaces)


@pytest.mark.parametrize(
    "change", [{"stall_timeout_s": 1.0}, {"timeout_s": 1.0}, {"progress_urn": "urn-2"}, {"llm": "renamed"}], ids=str
)
def test_more_patience_is_no_change(change: dict[str, Any]) -> None:
    assert not GATE.diff("ready-1", recorded(), inputs(**change)).changes


LATER_PROPS = ("needs_tools", "needs_vision", "system_prompt_bytes", "auth_required", "gpu")


def of_the_first_release() -> dict[str, Any]:
    return {key: value for key, value in recorded().items() if key not in LATER_PROPS}


def upgraded(**needs: Any) -> dict[str, Any]:
    """Inputs of the first run of today's code on a state of the first release."""
    return dict(GATE.check(of_the_first_release(), inputs(**needs)).inputs)


ALL_NEEDS = {"needs_tools": True, "needs_vision": True, "system_prompt_bytes": 900.0}


@pytest.mark.parametrize("needs", [{}, ALL_NEEDS], ids=["no needs", "all needs"])
def test_a_proof_of_the_first_release_stands_after_an_upgrade(needs: dict[str, Any]) -> None:
    assert not GATE.diff("ready-1", of_the_first_release(), upgraded(**needs)).changes


@pytest.mark.parametrize("need", ALL_NEEDS)
def test_a_need_that_comes_after_an_upgrade_is_proven(need: str) -> None:
    next_run = GATE.check(upgraded(), {**inputs(), need: ALL_NEEDS[need]}).inputs

    assert GATE.diff("ready-1", of_the_first_release(), next_run).changes


def test_a_gate_that_is_new_stands_for_nothing_it_did_not_look_at() -> None:
    assert "needs_at_upgrade" not in GATE.check({}, inputs(needs_tools=True)).inputs


@pytest.mark.parametrize("asked", ["auth_required", "gpu"])
def test_strangers_and_gpus_are_looked_at_by_an_upgrade(asked: str) -> None:
    assert GATE.diff("ready-1", of_the_first_release(), upgraded(**{asked: True})).changes


def test_a_gate_of_the_first_release_can_be_refreshed() -> None:
    with ScriptedLlm([stream()]) as llm:
        before = {**of_the_first_release(), "base_url": llm.base_url, "agent_url": llm.base_url}

        assert before == GATE.read("ready-1", before).outs


def test_a_refresh_that_finds_the_endpoint_dead_makes_the_next_up_wait_again() -> None:
    with ScriptedLlm([stream()], closed=True) as dead:
        outs = GATE.read("ready-1", recorded(base_url=dead.base_url, agent_url=dead.base_url)).outs or {}

    assert outs["healthy"] is False
    assert GATE.diff("ready-1", outs, inputs(base_url=dead.base_url, agent_url=dead.base_url)).changes


def test_a_refresh_of_a_serving_endpoint_changes_nothing() -> None:
    with ScriptedLlm([stream()]) as llm:
        before = recorded(base_url=llm.base_url, agent_url=llm.base_url)

        read = GATE.read("ready-1", before)

    assert ("ready-1", before) == (read.id, read.outs)


def test_an_update_proves_the_new_endpoint() -> None:
    with ScriptedLlm([stream()]) as llm:
        outs = GATE.update("ready-1", recorded(healthy=False), inputs(llm)).outs or {}

    assert (True, llm.base_url) == (outs["healthy"], outs["base_url"])


@pytest.mark.parametrize(
    ("asked", "check"),
    [
        ({"needs_tools": True}, "O16"),
        ({"needs_vision": True}, "O18"),
        ({"system_prompt_bytes": 900.0}, "context"),
        ({"gpu": True}, "gpu"),
    ],
    ids=str,
)
def test_what_agents_need_is_proven_and_recorded(asked: dict[str, Any], check: str) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        news = {**inputs(llm), **asked}
        outs = GATE.create(news).outs or {}

    assert check in [made["id"] for made in outs["evidence"]["checks"]]
    assert not GATE.diff("ready-1", {**outs, "__provider": "pickled"}, news).changes


def test_an_endpoint_that_lets_anybody_in_fails_the_gate_when_its_token_has_to_count() -> None:
    with ScriptedLlm([stream()]) as llm, pytest.raises(CannotServe, match="lets anybody in: answered HTTP 200"):
        GATE.create(inputs(llm, auth_required=True))


def test_a_refresh_asks_for_no_tool_and_no_image() -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        before = {**recorded(needs_tools=True, needs_vision=True), "base_url": llm.base_url, "agent_url": llm.base_url}
        GATE.read("ready-1", before)

    assert ["text"] == [kind_of(asked, token=TOKEN) for asked in llm.chats()]


def test_a_failed_gate_raises_one_error_that_ends_with_the_next_step() -> None:
    with ScriptedLlm([refuse(401, f"{TOKEN} is unknown")]) as llm, pytest.raises(CannotServe) as caught:
        GATE.create(inputs(llm))

    assert "`pulumi config set --secret --path llmTokens.smol`" in str(caught.value).splitlines()[-1]
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__


def test_deleting_a_gate_touches_nothing() -> None:
    with ScriptedLlm([stream()]) as llm:
        GATE.delete("ready-1", inputs(llm))

    assert [] == llm.asked


def test_good_inputs_are_accepted_and_urls_are_normalised() -> None:
    assert {} == failures()
    accepted = GATE.check({}, inputs(agent_url="https://LLM.example.com/v1/")).inputs
    assert "https://llm.example.com/v1" == accepted["agent_url"]


def test_what_a_preview_does_not_know_yet_is_accepted() -> None:
    unknown = ("base_url", "agent_url", "model", "token", "trigger", "timeout_s", "successes")

    assert {} == failures(**dict.fromkeys(unknown, UNKNOWN))


@pytest.mark.parametrize("key", ["base_url", "agent_url"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "llm.example.com/v1",
        "ftp://h/v1",
        "http://",
        "http://h:0/v1",
        "http://h/v1?x=1",
        "http://169.254.169.254/v1",
    ],
)
def test_a_malformed_url_is_refused(key: str, url: str) -> None:
    assert [key] == list(failures(**{key: url}))


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    refused = failures(base_url="http://user:canary@llm.example.com/v1")

    assert ["base_url"] == list(refused)
    assert "canary" not in refused["base_url"]


@pytest.mark.parametrize("key", ["stall_timeout_s", "timeout_s", "ttft_budget_s"])
@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_time_of_zero_or_below_is_refused(key: str, seconds: float) -> None:
    assert {key: f"is {seconds}; write a number of seconds above 0"} == failures(**{key: seconds})


@pytest.mark.parametrize("successes", [0.0, -1.0, 1.5])
def test_successes_are_a_whole_number_from_one(successes: float) -> None:
    assert ["successes"] == list(failures(successes=successes))


def test_a_length_below_zero_is_refused() -> None:
    assert {"system_prompt_bytes": "is -1.0; write 0 or more"} == failures(system_prompt_bytes=-1.0)


def test_an_empty_model_is_refused() -> None:
    assert ["model"] == list(failures(model=" "))


def test_the_pickled_provider_is_a_reference() -> None:
    assert len(serialize_provider(GATE)) < 200

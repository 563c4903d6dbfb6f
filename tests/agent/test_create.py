"""Create: exactly one agent, whatever happens to the calls."""

from collections.abc import Callable

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.errors import NameTakenError, UncertainError
from components.lifecycle.values import UNKNOWN
from components.trugen.errors import KeyRejectedError, RefusedError, UnavailableError
from tests.fixtures.agent_inputs import CANARY_TOKEN, agent_inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import DROP, TRUE, Fault, ScriptedTrugen


def test_an_agent_is_made_and_verified(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    id_, outs = lifecycle.create(agent_inputs())

    assert (list(api.agents), outs["status"], outs["llm_token"]) == ([id_], "verified", CANARY_TOKEN)


def test_the_outputs_are_the_inputs_and_the_status(lifecycle: AgentLifecycle) -> None:
    _, outs = lifecycle.create({**agent_inputs(), "timeout_s": 240.0, "__provider": "gASV"})

    assert outs == {**agent_inputs(), "status": "verified", "status_reason": ""}


@pytest.mark.parametrize("placement", ["nested", "flat", "both"])
def test_an_agent_is_verified_where_the_api_takes_this_placement(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, placement: str
) -> None:
    api.placement = "flat" if placement == "flat" else "nested"

    assert lifecycle.create(agent_inputs(placement=placement))[1]["status"] == "verified"


def test_what_an_interrupted_run_left_is_taken_over(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    left = api.add(AGENT.body(agent_inputs(persona_prompt="An older prompt.")))

    id_, outs = lifecycle.create(agent_inputs())

    assert (id_, list(api.agents), outs["status"]) == (left, [left], "verified")


def test_it_is_found_even_under_a_display_name_of_before(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    left = api.add(AGENT.body(agent_inputs(agent_name="Support")))

    assert (lifecycle.create(agent_inputs())[0], api.agents[left]["agent_name"]) == (left, "Helpdesk [k3x9abcd]")


def test_an_agent_whose_name_only_contains_the_marker_is_somebody_elses(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    foreign = api.add({"agent_name": "Helpdesk [k3x9abcd] (copy)"})

    assert lifecycle.create(agent_inputs())[0] != foreign


def test_two_agents_with_the_marker_stop_the_run_and_both_are_named(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    ids = [api.add(AGENT.body(agent_inputs())) for _ in range(2)]

    with pytest.raises(NameTakenError, match=f"several agents carry it \\({ids[0]}, {ids[1]}\\)"):
        lifecycle.create(agent_inputs())

    assert (list(api.agents), api.count("POST"), api.count("DELETE")) == (ids, 0, 0)


@pytest.mark.parametrize(("status", "error"), [(401, KeyRejectedError), (400, RefusedError), (503, UnavailableError)])
def test_without_a_search_there_is_no_post(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, status: int, error: type[Exception]
) -> None:
    api.faults = [Fault("GET", status)] * 5

    with pytest.raises(error):
        lifecycle.create(agent_inputs())

    assert api.count("POST") == 0


def test_a_clear_refusal_makes_nothing_and_is_final(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", 400, b'{"error": "Invalid request body"}')]

    with pytest.raises(RefusedError, match="400 'Invalid request body'"):
        lifecycle.create(agent_inputs())

    assert (api.agents, api.count("POST")) == ({}, 1)


@pytest.mark.parametrize("status", [DROP, 200, 429, 500, 502, 504])
@pytest.mark.parametrize("applied", [True, False])
def test_an_unanswered_post_ends_in_one_agent(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, status: int, *, applied: bool
) -> None:
    api.faults = [Fault("POST", status, b"{}", applied=applied)]

    id_, outs = lifecycle.create(agent_inputs())

    assert (list(api.agents), outs["status"]) == ([id_], "verified")
    assert api.count("POST") == (1 if applied else 2)


def test_the_search_after_an_unanswered_post_is_patient(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, clock: FakeClock
) -> None:
    api.faults = [Fault("POST", DROP), Fault("POST", DROP)]

    with pytest.raises(UncertainError, match=r"confirmed no agent 'Helpdesk \[k3x9abcd\]', and its search"):
        lifecycle.create(agent_inputs())

    assert (clock.pauses, api.count("POST")) == ([1.0, 2.0, 4.0, 1.0, 2.0, 4.0], 2)


def test_a_post_that_takes_effect_late_leaves_no_twin(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    late = AGENT.body(agent_inputs())
    api.faults = [Fault("POST", DROP), Fault("POST", TRUE, meanwhile=lambda: api.add(late))]

    id_, outs = lifecycle.create(agent_inputs())

    assert (list(api.agents), outs["status"]) == ([id_], "verified")


def test_a_twin_that_lands_after_the_second_post_is_removed(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    late = AGENT.body(agent_inputs())
    lands = Fault("PUT", TRUE, meanwhile=lambda: api.add(late))
    api.faults = [Fault("POST", DROP), lands]

    id_, _ = lifecycle.create(agent_inputs())

    assert list(api.agents) == [id_]


def test_a_conflict_is_answered_by_taking_over_our_own(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    ours = AGENT.body(agent_inputs())
    api.faults = [Fault("POST", 409, meanwhile=lambda: api.add(ours))]

    id_, outs = lifecycle.create(agent_inputs())

    assert (list(api.agents), outs["status"]) == ([id_], "verified")


def test_a_long_retry_after_ends_the_create_and_says_when(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, clock: FakeClock
) -> None:
    api.faults = [Fault("POST", 429, headers={"Retry-After": "86400"})]

    with pytest.raises(UnavailableError, match="again in 86400 s"):
        lifecycle.create(agent_inputs())

    assert clock.pauses == []


def test_an_adopted_agent_is_read_then_overwritten(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    foreign = api.add({**AGENT.body(agent_inputs()), "agent_name": "Made by hand"})

    id_, outs = lifecycle.create(agent_inputs(adopt_agent_id=foreign))

    assert (id_, list(api.agents), outs["status"]) == (foreign, [foreign], "verified")
    assert [verb for verb, _ in api.calls[:2]] == ["GET", "PUT"]


def test_an_adopted_agent_loses_nothing_when_trugen_does_not_take_back_what_it_showed(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    """A PUT of the declared members alone would reset all others."""
    foreign = api.add({**AGENT.body(agent_inputs()), "unheard_of": 1})
    api.faults = [Fault("PUT", 400)]

    id_, outs = lifecycle.create(agent_inputs(adopt_agent_id=foreign))

    assert (id_, outs["status"], api.count("PUT")) == (foreign, "unverified", 1)
    assert api.agents[foreign]["unheard_of"] == 1


def test_the_plan_of_an_adoption_names_what_would_change(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.add(AGENT.body(agent_inputs(persona_prompt="Another.", exact_name=True)), id_="a1")

    different = lifecycle.adoption(agent_inputs(adopt_agent_id="a1", exact_name=True))

    assert (different, api.count("PUT")) == (["agent_system_prompt", "persona_prompt"], 0)


def test_what_only_the_run_will_know_is_no_change_in_the_plan_of_an_adoption(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    """The URL and model of a proven endpoint are unknown until its gate has run."""
    api.add(AGENT.body(agent_inputs(exact_name=True)), id_="a1")
    unknown = {"llm_url": UNKNOWN, "llm_model": UNKNOWN, "llm_token": UNKNOWN}

    different = lifecycle.adoption(agent_inputs(adopt_agent_id="a1", exact_name=True, **unknown))

    assert different == []


def test_an_adopted_agent_has_to_exist(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    with pytest.raises(RefusedError, match="404"):
        lifecycle.create(agent_inputs(adopt_agent_id="a1"))

    assert (api.count("POST"), api.count("PUT")) == (0, 0)


@pytest.mark.parametrize(
    "break_off",
    [
        lambda api: api.faults.extend([Fault("GET", 500, path="/agent-0001")] * 9),
        lambda api: api.faults.extend([Fault("GET", 401, path="/agent-0001")] * 9),
        lambda api: api.faults.extend([Fault("GET", 404, path="/agent-0001")] * 9),
        lambda api: api.faults.extend([Fault("GET", 200, b"<html>", path="/agent-0001")] * 9),
        lambda api: api.faults.extend([Fault("GET", TRUE), Fault("GET", TRUE), *[Fault("GET", 500)] * 9]),
        lambda api: setattr(api, "placement", "flat"),
    ],
    ids=["500", "401", "404", "HTML", "search after", "dropped LLM block"],
)
def test_once_the_id_is_known_create_returns_it_with_the_reason(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, break_off: Callable[[ScriptedTrugen], None]
) -> None:
    break_off(api)

    id_, outs = lifecycle.create(agent_inputs())

    assert (list(api.agents), outs["status"], outs["status_reason"] != "") == ([id_], "unverified", True)


def test_a_read_that_lags_behind_is_waited_for(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, clock: FakeClock
) -> None:
    api.faults = [Fault("GET", 404, path="/agent-0001")] * 4

    assert (lifecycle.create(agent_inputs())[1]["status"], clock.pauses) == ("verified", [0.5, 1.0, 2.0])


def test_the_reason_names_the_fields_and_the_way_out_but_no_secret(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.placement = "flat"

    reason = lifecycle.create(agent_inputs())[1]["status_reason"]

    assert "llm_provider is 'azure-openai' instead of 'custom'" in reason
    assert ("try `placement: flat`" in reason, "canary" in reason) == (True, False)

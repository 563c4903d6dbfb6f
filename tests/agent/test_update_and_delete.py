import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.errors import GoneError
from components.trugen.errors import KeyRejectedError, RefusedError, UnavailableError
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.scripted_trugen import DROP, Fault, ScriptedTrugen

RECORDED = AGENT.outputs(agent_inputs())


@pytest.fixture(autouse=True)
def _one_agent(api: ScriptedTrugen) -> None:
    api.add(AGENT.body(RECORDED), id_="a1")


def test_an_update_sends_the_complete_document_with_url_and_token(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    wanted = agent_inputs(persona_prompt="Another.", llm_url="http://127.0.0.1:11435/v1")

    outs = lifecycle.update("a1", RECORDED, wanted)

    assert (api.bodies, outs) == ([AGENT.body(wanted)], AGENT.outputs(wanted))


def test_a_removed_field_goes_back_to_its_default(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    outs = lifecycle.update("a1", RECORDED, agent_inputs(email="a@example.org"))
    lifecycle.update("a1", outs, agent_inputs())

    assert "email" not in api.agents["a1"]


def test_an_update_whose_field_is_dropped_is_unverified_and_keeps_the_rest(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.placement = "flat"

    outs = lifecycle.update("a1", RECORDED, agent_inputs(record=True))

    assert (outs["status"], outs["record"], "llm_provider" in outs["status_reason"]) == ("unverified", True, True)


def test_an_update_of_an_agent_deleted_elsewhere_says_how_to_recreate_it(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.agents.clear()

    with pytest.raises(GoneError, match=r"a1 does not exist any more.*\n.*`pulumi up --refresh`"):
        lifecycle.update("a1", RECORDED, agent_inputs(record=True))

    assert api.agents == {}


@pytest.mark.parametrize("status", [DROP, 429, 503])
def test_an_update_survives_a_passing_fault(lifecycle: AgentLifecycle, api: ScriptedTrugen, status: int) -> None:
    api.faults = [Fault("GET", status), Fault("PUT", status, applied=True), Fault("PUT", status)]

    assert lifecycle.update("a1", RECORDED, agent_inputs(record=True))["status"] == "verified"


def test_a_refused_update_fails(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.faults = [Fault("PUT", 400)]

    with pytest.raises(RefusedError, match="refused PUT /ext/agent/a1: 400"):
        lifecycle.update("a1", RECORDED, agent_inputs(record=True))


def test_a_deleted_agent_is_deleted(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    lifecycle.delete("a1")

    assert api.agents == {}


@pytest.mark.parametrize("status", [404, 410])
def test_gone_already_counts_as_deleted(lifecycle: AgentLifecycle, api: ScriptedTrugen, status: int) -> None:
    api.faults = [Fault("DELETE", status)]

    lifecycle.delete("a1")


def test_a_delete_that_took_effect_unanswered_is_found_out(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.faults = [Fault("DELETE", DROP, applied=True), *[Fault("DELETE", DROP)] * 4]

    lifecycle.delete("a1")

    assert api.agents == {}


def test_a_delete_that_did_not_is_repeated(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.faults = [Fault("DELETE", 503)] * 5

    lifecycle.delete("a1")

    assert api.agents == {}


def test_a_delete_that_never_works_fails_and_the_agent_stays_recorded(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.faults = [Fault("DELETE", 503)] * 10

    with pytest.raises(UnavailableError, match="could not serve DELETE /ext/agent/a1"):
        lifecycle.delete("a1")


def test_a_rejected_key_deletes_nothing(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.key = "rotated"

    with pytest.raises(KeyRejectedError):
        lifecycle.delete("a1")

"""`exactName`: the name says nothing about whose agent it is, so the content or the user has to."""

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.errors import NameTakenError
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.scripted_trugen import DROP, Fault, ScriptedTrugen

EXACT = agent_inputs(exact_name=True)


def test_the_name_is_sent_untouched(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    id_, outs = lifecycle.create(EXACT)

    assert (api.agents[id_]["agent_name"], outs["status"]) == ("Helpdesk", "verified")


def test_an_identical_agent_is_an_interrupted_run_of_ours(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    left = api.add(AGENT.body(EXACT))

    assert lifecycle.create(EXACT)[0] == left


def test_an_agent_whose_name_only_contains_ours_does_not_matter(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.add({**AGENT.body(EXACT), "agent_name": "Helpdesk 2"})

    lifecycle.create(EXACT)

    assert len(api.agents) == 2


def test_another_agent_of_that_name_stops_the_run_and_is_named(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    foreign = api.add({**AGENT.body(EXACT), "record": True})

    with pytest.raises(NameTakenError, match=f"not what this stack declares \\({foreign}\\).*\n.*adoptAgentId"):
        lifecycle.create(EXACT)

    assert (api.agents[foreign]["record"], api.count("PUT"), api.count("POST")) == (True, 0, 0)


def test_it_is_taken_over_when_the_policy_says_so(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    foreign = api.add({**AGENT.body(EXACT), "record": True})

    id_, _ = lifecycle.create({**EXACT, "on_name_conflict": "adopt"})

    assert (id_, api.agents[foreign]["record"]) == (foreign, False)


def test_even_an_identical_one_stops_the_run_when_the_policy_says_so(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.add(AGENT.body(EXACT))

    with pytest.raises(NameTakenError, match="`onNameConflict` is `fail`"):
        lifecycle.create({**EXACT, "on_name_conflict": "fail"})


@pytest.mark.parametrize("policy", ["adoptIdentical", "adopt", "fail"])
def test_an_unanswered_post_ends_in_one_agent(lifecycle: AgentLifecycle, api: ScriptedTrugen, policy: str) -> None:
    api.faults = [Fault("POST", DROP, applied=True)]

    id_, outs = lifecycle.create({**EXACT, "on_name_conflict": policy})

    assert (list(api.agents), outs["status"], api.count("POST")) == ([id_], "verified", 1)


def test_an_update_leaves_a_namesake_alone(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    older = api.add(AGENT.body(EXACT), age=5)
    api.add(AGENT.body(EXACT), id_="a2")

    lifecycle.update("a2", {**EXACT, "status": "unverified"}, EXACT)

    assert list(api.agents) == [older, "a2"]

"""Two runs that create the same agent at the same time: the older agent stays, each run deletes only its own."""

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.errors import RivalError
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.scripted_trugen import DROP, TRUE, Fault, ScriptedTrugen


def rival(api: ScriptedTrugen, *, age: int) -> Fault:
    """During our POST another run makes its own agent, *age* minutes older than ours."""
    theirs = AGENT.body(agent_inputs(record=True))
    return Fault("POST", TRUE, meanwhile=lambda: api.add(theirs, id_="theirs", age=age))


def test_the_later_one_takes_its_own_back_and_fails_clearly(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.faults = [rival(api, age=1)]

    with pytest.raises(RivalError, match="earlier \\(theirs\\); ours \\(agent-0002\\) was deleted again"):
        lifecycle.create(agent_inputs())

    assert (list(api.agents), api.agents["theirs"]["record"]) == (["theirs"], True)


def test_the_earlier_one_keeps_its_agent_and_leaves_the_other_to_its_maker(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.faults = [rival(api, age=-1)]

    id_, outs = lifecycle.create(agent_inputs())

    assert (outs["status"], list(api.agents)) == ("verified", ["theirs", id_])


def test_a_loser_that_cannot_take_its_own_back_is_recorded_and_tries_again(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.faults = [rival(api, age=1), *[Fault("DELETE", 503)] * 5]

    id_, outs = lifecycle.create(agent_inputs())

    assert (outs["status"], "twin" in outs["status_reason"]) == ("unverified", True)
    with pytest.raises(RivalError):
        lifecycle.update(id_, outs, agent_inputs())
    assert list(api.agents) == ["theirs"]


def test_after_an_unanswered_post_the_older_agent_is_taken_over_whoever_made_it(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    api.faults = [Fault("POST", DROP), rival(api, age=1)]

    id_, outs = lifecycle.create(agent_inputs())

    assert (id_, list(api.agents), api.agents[id_]["record"], outs["status"]) == (
        "theirs",
        ["theirs"],
        False,
        "verified",
    )


def test_a_twin_that_could_not_be_removed_is_removed_by_the_next_update(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    late = AGENT.body(agent_inputs())
    lands = Fault("PUT", TRUE, meanwhile=lambda: api.add(late))
    api.faults = [Fault("POST", DROP), lands, *[Fault("DELETE", 503)] * 5]
    id_, outs = lifecycle.create(agent_inputs())

    outs = lifecycle.update(id_, outs, agent_inputs())

    assert (list(api.agents), outs["status"]) == ([id_], "verified")

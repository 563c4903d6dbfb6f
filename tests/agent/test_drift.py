"""Edits made elsewhere, by the policy of their group: declared, recorded, remote."""

from typing import Any

import pytest

from components.agent.drift_policy import GROUPS
from components.agent.inputs import INPUTS
from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle, check, diff
from components.agent.places import PLACES
from components.lifecycle import drift
from components.lifecycle.errors import EditedError
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.scripted_trugen import ScriptedTrugen

HAND = "Edited by hand."


class Stack:
    """What Pulumi does with one agent that is there: refresh, check, diff, update."""

    def __init__(self, lifecycle: AgentLifecycle, **declared: Any) -> None:
        self._lifecycle = lifecycle
        self.declared = agent_inputs(**declared)
        self.id, self.outs = lifecycle.create(self.declared)

    def declare(self, **declared: Any) -> None:
        self.declared = agent_inputs(**declared)

    def refresh(self) -> list[str]:
        """Names of what a drift job would report."""
        recorded = AGENT.inputs_of(self.outs)
        self.outs = self._lifecycle.read(self.id, self.outs) or {}
        return diff(self.id, self.outs, recorded).changed

    def refused(self) -> list[str]:
        """Names of the inputs at which a plan stops."""
        inputs, failures = check(self.declared, sandbox=True)
        assert failures == []
        return drift.refused(AGENT, self.outs, AGENT.inputs_of(inputs))

    def plan(self) -> list[str]:
        """Names of what an update would bring."""
        return diff(self.id, self.outs, self.declared).changed

    def up(self) -> None:
        assert self.refused() == []
        if self.plan():
            self.outs = self._lifecycle.update(self.id, self.outs, self.declared)


def prompt(api: ScriptedTrugen) -> str:
    (id_,) = api.agents
    return str(api.avatar(id_)["persona_prompt"])


def edit(api: ScriptedTrugen, text: str = HAND) -> None:
    (id_,) = api.agents
    api.avatar(id_)["persona_prompt"] = text


def test_without_a_policy_an_edit_is_drift_and_is_overwritten(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle)
    edit(api)

    assert stack.refresh() == ["persona_prompt"]
    stack.up()

    assert (prompt(api), stack.outs) == (stack.declared["persona_prompt"], AGENT.outputs(stack.declared))


def test_a_kept_edit_is_no_drift(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "keep"})
    edit(api)

    assert (stack.refresh(), stack.plan(), prompt(api)) == ([], [], HAND)


def test_a_kept_edit_survives_an_update_of_something_else(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "keep"})
    edit(api)
    stack.declare(on_drift={"prompts": "keep"}, record=True)

    stack.refresh()
    stack.up()

    assert (prompt(api), stack.outs["status"], stack.refresh(), stack.plan()) == (HAND, "verified", [], [])


def test_a_kept_edit_gives_way_to_a_new_declaration(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "keep"})
    edit(api)
    stack.refresh()
    stack.declare(on_drift={"prompts": "keep"}, persona_prompt="Declared anew.", agent_system_prompt="Declared anew.")

    stack.up()

    assert prompt(api) == "Declared anew."


def test_an_edit_that_may_not_be_stops_the_plan_again_and_again(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "fail"})
    edit(api)

    assert stack.refresh() == ["persona_prompt"]
    assert stack.refused() == ["persona_prompt"]
    stack.refresh()
    assert (stack.refused(), prompt(api)) == (["persona_prompt"], HAND)


def test_an_edit_that_may_not_be_stops_an_update_that_was_not_refreshed(
    lifecycle: AgentLifecycle, api: ScriptedTrugen
) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "fail"})
    edit(api)
    stack.declare(on_drift={"prompts": "fail"}, record=True)

    with pytest.raises(EditedError, match=r"edited outside of this stack \(persona_prompt\).*\n.*onDrift"):
        stack.up()

    assert prompt(api) == HAND


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"on_drift": {"prompts": "fail"}, "persona_prompt": HAND}, HAND),
        ({"on_drift": {"prompts": "overwrite"}}, agent_inputs()["persona_prompt"]),
        ({"on_drift": {"prompts": "keep"}}, HAND),
        ({"on_drift": {"prompts": "fail"}, "persona_prompt": "Declared anew."}, "Declared anew."),
    ],
    ids=["declare what is there", "overwrite", "keep", "declare anew"],
)
def test_there_are_four_ways_out_of_a_stopped_plan(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, declared: dict[str, Any], expected: str
) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "fail"})
    edit(api)
    stack.refresh()
    stack.declare(**{"agent_system_prompt": agent_inputs()["agent_system_prompt"], **declared})

    stack.up()

    assert (prompt(api), stack.refresh(), stack.plan()) == (expected, [], [])


def test_the_policy_of_one_group_is_not_that_of_another(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "keep"})
    edit(api)
    api.agents[stack.id]["record"] = True

    assert stack.refresh() == ["record"]


def test_others_is_the_policy_of_every_group_that_is_left_out(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"others": "keep", "prompts": "overwrite"})
    edit(api)
    api.agents[stack.id]["record"] = True

    assert stack.refresh() == ["persona_prompt"]


def test_a_rename_can_stop_the_plan_but_not_be_kept(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"others": "keep"})
    api.agents[stack.id]["agent_name"] = "Renamed by hand"

    assert stack.refresh() == ["agent_name", "marker"]
    stack.up()

    assert api.agents[stack.id]["agent_name"] == "Helpdesk [k3x9abcd]"


def test_drift_that_went_away_by_itself_leaves_nothing_to_do(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle, on_drift={"prompts": "fail"})
    edit(api)
    stack.refresh()
    edit(api, stack.declared["persona_prompt"])

    stack.refresh()

    assert (stack.refused(), stack.plan()) == ([], [])


def test_the_note_on_drift_holds_no_text(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    stack = Stack(lifecycle)
    edit(api)
    stack.refresh()

    assert list(stack.outs["drift"]) == ["persona_prompt"]
    assert "canary" not in str(stack.outs["drift"])


def test_every_group_names_inputs_that_there_are() -> None:
    grouped = [key for keys in GROUPS.values() for key in keys]

    assert set(grouped) <= INPUTS
    assert len(grouped) == len(set(grouped))
    assert {"timeout_s", "record", "is_active", "memory", "callback_url"} <= PLACES.keys() - set(grouped)

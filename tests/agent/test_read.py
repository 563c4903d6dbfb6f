from collections.abc import Callable

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle, diff
from components.lifecycle.errors import AllGoneError
from components.lifecycle.roster import Roster
from components.trugen.errors import KeyRejectedError, UnavailableError
from tests.fixtures.agent_inputs import CANARY_TOKEN, agent_inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import Fault, ScriptedTrugen

RECORDED = AGENT.outputs(agent_inputs(tool=["t1"]))


@pytest.fixture(autouse=True)
def _one_agent(api: ScriptedTrugen) -> None:
    api.add(AGENT.body(RECORDED), id_="a1")


def test_an_untouched_agent_reads_as_it_was_recorded(lifecycle: AgentLifecycle) -> None:
    assert lifecycle.read("a1", {**RECORDED, "__provider": "gASV"}) == RECORDED


def test_what_no_read_shows_keeps_its_record(lifecycle: AgentLifecycle) -> None:
    outs = lifecycle.read("a1", RECORDED)

    assert outs is not None
    assert (outs["llm_url"], outs["llm_token"]) == ("http://127.0.0.1:11434/v1", CANARY_TOKEN)


def edit_prompt(api: ScriptedTrugen) -> None:
    api.avatar("a1")["persona_prompt"] = "Edited in the console."


def switch_model(api: ScriptedTrugen) -> None:
    api.avatar("a1")["config"]["llm"] = {"provider": "groq", "model": "openai/gpt-oss-120b"}


def rename(api: ScriptedTrugen) -> None:
    api.agents["a1"]["agent_name"] = "Renamed"


def attach_a_tool(api: ScriptedTrugen) -> None:
    api.agents["a1"]["tool"].append({"id": "t2"})


@pytest.mark.parametrize("edit", [edit_prompt, switch_model, rename, attach_a_tool], ids=lambda edit: edit.__name__)
def test_an_edit_elsewhere_shows_as_a_change_that_an_update_heals(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, edit: Callable[[ScriptedTrugen], None]
) -> None:
    edit(api)
    drifted = lifecycle.read("a1", RECORDED)
    assert drifted is not None
    assert diff("a1", drifted, RECORDED).changed != []

    healed = lifecycle.update("a1", drifted, agent_inputs(tool=["t1"]))

    assert (healed, lifecycle.read("a1", healed)) == (RECORDED, RECORDED)


def test_a_deleted_agent_is_gone(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.agents.clear()

    assert lifecycle.read("a1", RECORDED) is None


def test_one_404_alone_is_not_believed(lifecycle: AgentLifecycle, api: ScriptedTrugen, clock: FakeClock) -> None:
    api.faults = [Fault("GET", 404)]

    assert (lifecycle.read("a1", RECORDED), clock.pauses) == (RECORDED, [1.0])


def test_an_agent_that_the_list_still_shows_is_not_gone(lifecycle: AgentLifecycle, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 404, path="/a1")] * 9

    assert lifecycle.read("a1", RECORDED) == RECORDED


@pytest.mark.parametrize(
    ("status", "error"), [(401, KeyRejectedError), (403, KeyRejectedError), (503, UnavailableError)]
)
def test_a_refused_or_failing_read_is_never_gone(
    lifecycle: AgentLifecycle, api: ScriptedTrugen, status: int, error: type[Exception]
) -> None:
    api.faults = [Fault("GET", status)] * 9

    with pytest.raises(error):
        lifecycle.read("a1", RECORDED)


def test_one_missing_of_several_is_gone(new_lifecycle: Callable[..., AgentLifecycle], api: ScriptedTrugen) -> None:
    api.add(AGENT.body(RECORDED), id_="a2")
    roster = Roster()
    new_lifecycle(roster).read("a2", RECORDED)
    del api.agents["a1"]

    assert new_lifecycle(roster).read("a1", RECORDED) is None


@pytest.mark.parametrize("id_", ["a1", "a2", "a3"])
def test_when_all_of_several_are_missing_none_is_dropped(
    new_lifecycle: Callable[..., AgentLifecycle], api: ScriptedTrugen, id_: str
) -> None:
    """As a key of another workspace looks. The engine reads several at a time, so the others are known by then."""
    api.agents.clear()
    roster = Roster()
    for missed in ("a1", "a2"):
        roster.mark(missed, is_there=False)

    with pytest.raises(AllGoneError, match="TRUGEN_API_KEY or trugenApiKey"):
        new_lifecycle(roster).read(id_, RECORDED)

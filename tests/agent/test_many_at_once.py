"""Many agents of one process: calls grow with their number, not with its square."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle
from components.lifecycle.checks import UNSETTLED
from components.lifecycle.roster import Roster
from components.trugen.client import TrugenClient
from components.trugen.objects import PER_PAGE
from components.trugen.pace import Pace
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen

AT_ONCE = 16
# Threads that start together do not know yet what the first of them learns.
A_FEW = 3 * AT_ONCE + 24


class Process:
    """Verbs of one provider process, on as many threads as it answers from."""

    def __init__(self, api: ScriptedTrugen) -> None:
        self._url = api.url
        self._roster = Roster()
        self._pace = Pace()

    def create(self, count: int) -> dict[str, dict[str, Any]]:
        """Outputs by id, less the note that a reset connection left on some; the next read drops it."""
        made = self._each(lambda number: self._lifecycle().create(declared(number)), range(count))
        return {id_: {key: value for key, value in outs.items() if key != UNSETTLED} for id_, outs in made}

    def read(self, recorded: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return dict(self._each(lambda id_: (id_, self._lifecycle().read(id_, recorded[id_]) or {}), recorded))

    def _lifecycle(self) -> AgentLifecycle:
        clock = FakeClock()
        client = TrugenClient(self._url, KEY, pace=self._pace, clock=clock, sleep=clock.sleep, draw=lambda: 0.5)
        return AgentLifecycle(client, roster=self._roster, sleep=clock.sleep)

    @staticmethod
    def _each(work: Any, items: Any) -> list[tuple[str, dict[str, Any]]]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(work, items))


def declared(number: int) -> dict[str, Any]:
    return agent_inputs(agent_name=f"Desk {number}", marker=f"mark{number:04}")


@pytest.mark.parametrize("count", [120, 360])
def test_an_agent_takes_two_calls_to_create_and_verify(api: ScriptedTrugen, count: int) -> None:
    made = Process(api).create(count)

    assert len(api.agents) == count
    assert {outs["status"] for outs in made.values()} == {"verified"}
    assert (api.count("POST"), len(api.calls) <= 2 * count + count / PER_PAGE + A_FEW) == (count, True)


@pytest.mark.parametrize("count", [120, 360])
def test_a_refresh_of_many_reads_the_list(api: ScriptedTrugen, count: int) -> None:
    made = Process(api).create(count)
    api.calls.clear()

    assert Process(api).read(made) == made
    assert len(api.calls) <= count / PER_PAGE + A_FEW


def test_a_refresh_of_many_finds_the_one_that_was_edited_and_the_one_that_is_gone(api: ScriptedTrugen) -> None:
    made = Process(api).create(60)
    edited, gone = list(made)[40], list(made)[50]
    api.avatar(edited)["persona_prompt"] = "Edited by hand."
    del api.agents[gone]

    shown = Process(api).read(made)

    assert [id_ for id_ in made if shown[id_] != made[id_]] == [edited, gone]
    assert (AGENT.changed(shown[edited], made[edited]), shown[gone]) == (["persona_prompt"], {})


def test_many_agents_are_made_once_each_although_the_api_turns_calls_away(api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", 429, headers={"Retry-After": "1"}) for _ in range(20)]
    api.faults += [Fault("GET", 429) for _ in range(20)]

    made = Process(api).create(60)

    assert (len(made), len(api.agents)) == (60, 60)


def test_a_list_that_shows_less_than_a_read_is_not_believed(api: ScriptedTrugen) -> None:
    made = Process(api).create(60)
    id_ = list(made)[40]
    api.avatar(id_)["persona_prompt"] = "Edited by hand."
    api.brief_lists = True

    shown = Process(api).read(made)

    assert AGENT.changed(shown[id_], made[id_]) == ["persona_prompt"]

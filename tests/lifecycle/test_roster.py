"""One list for many: when it is made, who shares it, and when its items are believed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from components.lifecycle.roster import FIRST_FEW, FRESH_S, Roster
from components.trugen.client import TrugenClient
from components.trugen.errors import RefusedError
from components.trugen.objects import PER_PAGE, Objects
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import KEY, TRUE, Fault, ScriptedTrugen


@pytest.fixture
def agents(api: ScriptedTrugen, clock: FakeClock) -> Objects:
    return TrugenClient(api.url, KEY, clock=clock, sleep=clock.sleep).agents


def fill(api: ScriptedTrugen, count: int) -> None:
    for number in range(count):
        api.add({"agent_name": f"bot-{number}"})


def ask(roster: Roster, agents: Objects, times: int) -> list[Any]:
    return [roster.listed(agents) for _ in range(times)]


def test_a_few_objects_are_looked_at_one_by_one(api: ScriptedTrugen, agents: Objects, clock: FakeClock) -> None:
    fill(api, 20)

    assert ask(Roster(clock), agents, FIRST_FEW) == [None] * FIRST_FEW
    assert api.calls == []


def test_more_objects_than_the_list_has_pages_are_listed(
    api: ScriptedTrugen, agents: Objects, clock: FakeClock
) -> None:
    fill(api, 2 * PER_PAGE)

    *_, last = ask(Roster(clock), agents, FIRST_FEW + 1)

    assert set(last) == set(api.agents)


def test_a_large_workspace_is_not_listed_for_a_handful(api: ScriptedTrugen, agents: Objects, clock: FakeClock) -> None:
    fill(api, 12 * PER_PAGE)

    assert ask(Roster(clock), agents, FIRST_FEW + 2) == [None] * (FIRST_FEW + 2)


def test_a_list_serves_everybody_while_it_is_fresh(api: ScriptedTrugen, agents: Objects, clock: FakeClock) -> None:
    fill(api, 20)
    roster = Roster(clock)
    ask(roster, agents, FIRST_FEW + 1)
    asked = len(api.calls)

    ask(roster, agents, 50)
    assert len(api.calls) == asked

    clock.sleep(FRESH_S + 1)
    ask(roster, agents, 50)
    assert len(api.calls) > asked


def test_who_needs_it_from_now_on_is_not_served_an_older_list(
    api: ScriptedTrugen, agents: Objects, clock: FakeClock
) -> None:
    roster = Roster(clock)
    roster.since(roster.now(), agents)
    clock.sleep(1)
    late = api.add({"agent_name": "late"})

    assert late in roster.since(roster.now(), agents)


def test_callers_who_come_together_share_one_list(api: ScriptedTrugen, agents: Objects, clock: FakeClock) -> None:
    fill(api, 5)
    roster, arrived = Roster(clock), threading.Barrier(8)
    moment = roster.now()

    def wait_then_ask() -> int:
        arrived.wait(10)
        return len(roster.since(moment, agents))

    with ThreadPoolExecutor(8) as pool:
        found = [call.result(10) for call in [pool.submit(wait_then_ask) for _ in range(8)]]

    assert (found, api.count("GET")) == ([5] * 8, 1)


def test_a_list_that_failed_is_made_again(api: ScriptedTrugen, agents: Objects, clock: FakeClock) -> None:
    fill(api, 5)
    api.faults = [Fault("GET", 400)]
    roster = Roster(clock)

    with pytest.raises(RefusedError):
        roster.since(roster.now(), agents)

    assert len(roster.since(roster.now(), agents)) == 5


@pytest.mark.parametrize(
    ("item", "read", "whole"),
    [
        ({"id": "a1", "n": 1, "updated_at": "then"}, {"id": "a1", "n": 1, "updated_at": "now"}, True),
        ({"id": "a1"}, {"id": "a1", "n": 1}, False),
    ],
    ids=["the same", "less"],
)
def test_items_are_believed_when_one_is_like_its_read(
    item: dict[str, Any], read: dict[str, Any], *, whole: bool
) -> None:
    assert Roster().items_are_whole(item, lambda: read) is whole


def test_only_the_first_item_is_read() -> None:
    roster, reads = Roster(), []

    def read() -> dict[str, Any]:
        reads.append(1)
        return {"id": "a1"}

    with ThreadPoolExecutor(8) as pool:
        verdicts = [
            call.result(10) for call in [pool.submit(roster.items_are_whole, {"id": "a1"}, read) for _ in range(8)]
        ]

    assert (verdicts, len(reads)) == ([True] * 8, 1)


def test_an_item_that_cannot_be_read_teaches_nothing() -> None:
    roster = Roster()

    def refused() -> dict[str, Any]:
        raise RefusedError("GET /ext/agent/a1", 400, "no")

    assert roster.items_are_whole({"id": "a1"}, refused) is False
    assert roster.items_are_whole({"id": "a1"}, lambda: {"id": "a1"}) is True


def test_one_item_that_shows_less_is_enough_to_doubt_all() -> None:
    roster = Roster()
    roster.items_are_whole({"id": "a1"}, lambda: {"id": "a1"})
    roster.compare({"id": "a2"}, {"id": "a2", "n": 1})

    assert roster.items_are_whole({"id": "a3"}, lambda: {"id": "a3"}) is False


def test_an_object_that_moves_between_pages_is_listed(api: ScriptedTrugen, agents: Objects, clock: FakeClock) -> None:
    fill(api, 2 * PER_PAGE + 5)
    first = next(iter(api.agents))
    api.faults = [Fault("GET", TRUE), Fault("GET", TRUE, meanwhile=lambda: api.agents.pop(first, None))]
    roster = Roster(clock)

    assert set(api.agents) <= set(roster.since(roster.now(), agents))

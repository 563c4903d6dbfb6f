"""How fast the calls of a process follow one another."""

import pytest

from components.trugen.client import TrugenClient
from components.trugen.pace import Pace
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen


def client(api: ScriptedTrugen, clock: FakeClock, pace: Pace) -> TrugenClient:
    return TrugenClient(api.url, KEY, pace=pace, clock=clock, sleep=clock.sleep, draw=lambda: 0.0)


def test_without_a_limit_no_call_waits(api: ScriptedTrugen, clock: FakeClock) -> None:
    workspace = client(api, clock, Pace())

    for _ in range(20):
        workspace.check_key()

    assert clock.pauses == []


def test_with_a_limit_calls_keep_their_distance(api: ScriptedTrugen, clock: FakeClock) -> None:
    workspace = client(api, clock, Pace(4))

    for _ in range(9):
        workspace.check_key()

    assert sum(clock.pauses) == pytest.approx(2.0)


def test_all_clients_of_a_process_share_the_limit(api: ScriptedTrugen, clock: FakeClock) -> None:
    pace = Pace(4)

    for _ in range(5):
        client(api, clock, pace).check_key()

    assert sum(clock.pauses) == pytest.approx(1.0)


def test_a_429_holds_back_every_client_of_the_process(api: ScriptedTrugen, clock: FakeClock) -> None:
    pace = Pace()
    api.faults = [Fault("GET", 429, headers={"Retry-After": "7"})]

    client(api, clock, pace).check_key()
    client(api, clock, pace).check_key()

    assert sum(clock.pauses) >= 7


def test_after_429s_the_pace_recovers(api: ScriptedTrugen, clock: FakeClock) -> None:
    workspace = client(api, clock, Pace())
    api.faults = [Fault("GET", 429), Fault("GET", 429), Fault("GET", 429)]
    for _ in range(300):
        workspace.check_key()
    clock.pauses.clear()

    for _ in range(20):
        workspace.check_key()

    assert clock.pauses == []


def test_waiting_for_a_turn_does_not_use_up_the_time_of_a_call(api: ScriptedTrugen, clock: FakeClock) -> None:
    pace = Pace()
    pace.hold(clock() + 500)

    client(api, clock, pace).check_key()

    assert api.count("GET") == 1

"""The throwaway agent is gone after the check, whatever goes wrong; when it cannot be, the check says where it is."""

import os
import signal
import time

import pytest

from components.live.api import Api
from components.live.check import check
from components.live.look import CannotAskError
from components.live.recording import Recording
from components.live.throwaway import LeftBehindError
from tests.fixtures.live_check import verdicts
from tests.fixtures.scripted_trugen import DROP, TRUE, Fault, ScriptedTrugen

NAME = "throwaway of a test"


def run(api: ScriptedTrugen) -> Recording:
    """A check that writes, its pauses left out."""
    recording = Recording()
    client = Api(api.url, api.key, sleep=lambda _: None)
    check(client, recording, throwaway_name=NAME, token="token-of-a-test")
    return recording


def test_a_check_that_goes_well_deletes_its_agent(api: ScriptedTrugen) -> None:
    found = verdicts(api.url, api.key, write=True)

    assert (api.agents, found[9].outcome, found[15].outcome) == ({}, "confirmed", "confirmed")


def test_a_delete_that_fails_once_is_repeated(api: ScriptedTrugen) -> None:
    api.faults = [Fault("DELETE", status=500)]

    run(api)

    assert api.agents == {}


def test_a_delete_whose_answer_is_lost_is_repeated_and_a_404_ends_it(api: ScriptedTrugen) -> None:
    api.faults = [Fault("DELETE", status=DROP, applied=True)]

    run(api)

    assert (api.agents, api.count("DELETE")) == ({}, 2)


def test_an_agent_that_cannot_be_deleted_is_named_with_the_command_that_deletes_it(api: ScriptedTrugen) -> None:
    api.faults = [Fault("DELETE", status=500)] * 5

    with pytest.raises(LeftBehindError, match="could not be deleted") as left:
        run(api)

    (id_,) = api.agents
    assert f'curl -X DELETE -H "x-api-key: $TRUGEN_API_KEY" {api.url}/ext/agent/{id_}' in str(left.value)
    assert NAME in str(left.value)
    assert api.key not in str(left.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", status=DROP, applied=True),
        Fault("POST", status=500, applied=True),
        Fault("POST", status=200, body=b"{}", applied=True),
        Fault("POST", status=200, body=b"", applied=True),
    ],
)
def test_an_agent_whose_creation_was_not_answered_is_found_by_its_name_checked_and_deleted(
    api: ScriptedTrugen, fault: Fault
) -> None:
    api.add({"agent_name": "a colleague's", "avatars": []})
    api.faults = [fault]

    recording = run(api)

    assert [agent["agent_name"] for agent in api.agents.values()] == ["a colleague's"]
    assert recording.written is not None
    assert recording.written.replace is not None


def test_only_agents_of_exactly_its_name_are_taken_for_it(api: ScriptedTrugen) -> None:
    api.add({"agent_name": f"{NAME}, kept by a colleague", "avatars": []})
    api.faults = [Fault("POST", status=DROP, applied=True)]

    run(api)

    assert [agent["agent_name"] for agent in api.agents.values()] == [f"{NAME}, kept by a colleague"]


def test_a_creation_of_which_nothing_is_ever_seen_is_reported_by_name(api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", status=DROP)]

    with pytest.raises(LeftBehindError, match=f"unknown whether an agent '{NAME}' was made"):
        run(api)


def test_a_refused_creation_leaves_nothing_to_look_for(api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", status=400)]

    found = verdicts(api.url, api.key, write=True)

    assert (found[9].outcome, api.count("DELETE")) == ("refuted", 0)
    assert "scripted fault" in found[9].evidence


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_interrupted_check_deletes_its_agent(api: ScriptedTrugen, verb: str) -> None:
    api.faults = [Fault(verb, status=TRUE, path="agent-0001", meanwhile=interrupt)]

    with pytest.raises(KeyboardInterrupt):
        run(api)

    assert (api.agents, len(api.bodies) > 0) == ({}, True)


@pytest.mark.usefixtures("ctrl_c")
def test_an_agent_made_while_the_check_is_interrupted_is_deleted(api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", status=DROP, applied=True, meanwhile=interrupt)]
    client = Api(api.url, api.key, sleep=lambda _: until_there(api))

    with pytest.raises(KeyboardInterrupt):
        check(client, Recording(), throwaway_name=NAME, token="token-of-a-test")

    assert (api.agents, api.count("DELETE")) == ({}, 1)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_while_tidying_up_says_what_is_left(api: ScriptedTrugen) -> None:
    api.faults = [
        Fault("PUT", status=TRUE, meanwhile=interrupt),
        Fault("DELETE", status=500, meanwhile=interrupt),
    ]

    with pytest.raises(LeftBehindError, match="agent-0001 could not be deleted"):
        run(api)


def test_no_check_makes_more_calls_than_its_budget_but_to_tidy_up(api: ScriptedTrugen) -> None:
    client = Api(api.url, api.key, budget_calls=12, sleep=lambda _: None)
    recording = Recording()

    check(client, recording, throwaway_name=NAME, token="token-of-a-test")

    assert (recording.budget_spent, recording.calls, api.agents) == (True, 13, {})


def test_the_whole_check_fits_its_budget(api: ScriptedTrugen) -> None:
    recording = run(api)

    assert (recording.budget_spent, recording.calls <= 25) == (False, True)


def test_a_rejected_key_ends_the_check_before_anything_is_made(api: ScriptedTrugen) -> None:
    client = Api(api.url, "another-key", sleep=lambda _: None)

    with pytest.raises(CannotAskError, match="rejected the key: 401"):
        check(client, Recording(), throwaway_name=NAME, token="token-of-a-test")

    assert api.calls == [("GET", "/v1/ext/avatars")]


def test_a_server_that_is_no_trugen_ends_the_check(api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", status=200, body=b"<html>portal</html>")]

    with pytest.raises(CannotAskError, match="not with a list of avatars"):
        run(api)


def until_there(api: ScriptedTrugen) -> None:
    """A pause long enough for the interrupted POST to take effect, with an end should it never do."""
    deadline_s = time.monotonic() + 10
    while not api.agents and time.monotonic() < deadline_s:
        time.sleep(0.001)


def interrupt() -> None:
    """Ctrl-C, at this very moment."""
    os.kill(os.getpid(), signal.SIGINT)

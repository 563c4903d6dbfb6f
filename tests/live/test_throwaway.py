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


def run(trugen: ScriptedTrugen) -> Recording:
    """A check that writes, its pauses left out."""
    recording = Recording()
    api = Api(trugen.url, trugen.key, sleep=lambda _: None)
    check(api, recording, throwaway_name=NAME, token="token-of-a-test")
    return recording


def test_a_check_that_goes_well_deletes_its_agent(trugen: ScriptedTrugen) -> None:
    found = verdicts(trugen.url, trugen.key, write=True)

    assert (trugen.agents, found[9].outcome, found[15].outcome) == ({}, "confirmed", "confirmed")


def test_a_delete_that_fails_once_is_repeated(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("DELETE", status=500)]

    run(trugen)

    assert trugen.agents == {}


def test_a_delete_whose_answer_is_lost_is_repeated_and_a_404_ends_it(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("DELETE", status=DROP, applied=True)]

    run(trugen)

    assert (trugen.agents, trugen.count("DELETE")) == ({}, 2)


def test_an_agent_that_cannot_be_deleted_is_named_with_the_command_that_deletes_it(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("DELETE", status=500)] * 5

    with pytest.raises(LeftBehindError, match="could not be deleted") as left:
        run(trugen)

    (id_,) = trugen.agents
    assert f'curl -X DELETE -H "x-api-key: $TRUGEN_API_KEY" {trugen.url}/ext/agent/{id_}' in str(left.value)
    assert NAME in str(left.value)
    assert trugen.key not in str(left.value)


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
    trugen: ScriptedTrugen, fault: Fault
) -> None:
    trugen.add({"agent_name": "a colleague's", "avatars": []})
    trugen.faults = [fault]

    recording = run(trugen)

    assert [agent["agent_name"] for agent in trugen.agents.values()] == ["a colleague's"]
    assert recording.written is not None
    assert recording.written.replace is not None


def test_only_agents_of_exactly_its_name_are_taken_for_it(trugen: ScriptedTrugen) -> None:
    trugen.add({"agent_name": f"{NAME}, kept by a colleague", "avatars": []})
    trugen.faults = [Fault("POST", status=DROP, applied=True)]

    run(trugen)

    assert [agent["agent_name"] for agent in trugen.agents.values()] == [f"{NAME}, kept by a colleague"]


def test_a_creation_of_which_nothing_is_ever_seen_is_reported_by_name(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("POST", status=DROP)]

    with pytest.raises(LeftBehindError, match=f"unknown whether an agent '{NAME}' was made"):
        run(trugen)


def test_a_refused_creation_leaves_nothing_to_look_for(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("POST", status=400)]

    found = verdicts(trugen.url, trugen.key, write=True)

    assert (found[9].outcome, trugen.count("DELETE")) == ("refuted", 0)
    assert "scripted fault" in found[9].evidence


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_interrupted_check_deletes_its_agent(trugen: ScriptedTrugen, verb: str) -> None:
    trugen.faults = [Fault(verb, status=TRUE, path="agent-0001", meanwhile=interrupt)]

    with pytest.raises(KeyboardInterrupt):
        run(trugen)

    assert (trugen.agents, len(trugen.bodies) > 0) == ({}, True)


def test_an_agent_made_while_the_check_is_interrupted_is_deleted(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("POST", status=DROP, applied=True, meanwhile=interrupt)]
    api = Api(trugen.url, trugen.key, sleep=lambda _: until_there(trugen))

    with pytest.raises(KeyboardInterrupt):
        check(api, Recording(), throwaway_name=NAME, token="token-of-a-test")

    assert (trugen.agents, trugen.count("DELETE")) == ({}, 1)


def test_an_interrupt_while_tidying_up_says_what_is_left(trugen: ScriptedTrugen) -> None:
    trugen.faults = [
        Fault("PUT", status=TRUE, meanwhile=interrupt),
        Fault("DELETE", status=500, meanwhile=interrupt),
    ]

    with pytest.raises(LeftBehindError, match="agent-0001 could not be deleted"):
        run(trugen)


def test_no_check_makes_more_calls_than_its_budget_but_to_tidy_up(trugen: ScriptedTrugen) -> None:
    api = Api(trugen.url, trugen.key, budget_calls=12, sleep=lambda _: None)
    recording = Recording()

    check(api, recording, throwaway_name=NAME, token="token-of-a-test")

    assert (recording.budget_spent, recording.calls, trugen.agents) == (True, 13, {})


def test_the_whole_check_fits_its_budget(trugen: ScriptedTrugen) -> None:
    recording = run(trugen)

    assert (recording.budget_spent, recording.calls <= 25) == (False, True)


def test_a_rejected_key_ends_the_check_before_anything_is_made(trugen: ScriptedTrugen) -> None:
    api = Api(trugen.url, "another-key", sleep=lambda _: None)

    with pytest.raises(CannotAskError, match="rejected the key: 401"):
        check(api, Recording(), throwaway_name=NAME, token="token-of-a-test")

    assert trugen.calls == [("GET", "/v1/ext/avatars")]


def test_a_server_that_is_no_trugen_ends_the_check(trugen: ScriptedTrugen) -> None:
    trugen.faults = [Fault("GET", status=200, body=b"<html>portal</html>")]

    with pytest.raises(CannotAskError, match="not with a list of avatars"):
        run(trugen)


def until_there(trugen: ScriptedTrugen) -> None:
    """A pause long enough for the interrupted POST to take effect, with an end should it never do."""
    deadline_s = time.monotonic() + 10
    while not trugen.agents and time.monotonic() < deadline_s:
        time.sleep(0.001)


def interrupt() -> None:
    """Ctrl-C, at this very moment."""
    os.kill(os.getpid(), signal.SIGINT)

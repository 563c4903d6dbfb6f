from collections.abc import Callable

import pytest

from components.trugen.client import TrugenClient
from components.trugen.errors import (
    AmbiguousError,
    KeyRejectedError,
    NoAnswerError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import DROP, Fault, ScriptedTrugen

NOON = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.fixture(autouse=True)
def _one_agent(api: ScriptedTrugen) -> None:
    api.add({"agent_name": "Ada"}, id_="a1")


@pytest.mark.parametrize("status", [DROP, 408, 425, 429, 500, 502, 503, 504])
def test_a_passing_fault_of_a_read_goes_unnoticed(client: TrugenClient, api: ScriptedTrugen, status: int) -> None:
    api.faults = [Fault("GET", status), Fault("GET", status)]

    assert client.agents.get("a1")["agent_name"] == "Ada"


def test_puts_and_deletes_are_repeated_even_when_they_took_effect(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("PUT", DROP, applied=True), Fault("DELETE", 503)]

    client.agents.replace("a1", {"agent_name": "Grace"})
    client.agents.delete("a1")

    assert (api.count("PUT"), api.count("DELETE")) == (2, 2)


def test_pauses_double_up_to_a_limit(client: TrugenClient, api: ScriptedTrugen, clock: FakeClock) -> None:
    api.faults = [Fault("GET", 503)] * 4

    client.agents.get("a1")

    assert clock.pauses == [0.5, 1.0, 2.0, 4.0]


def test_five_tries_are_the_limit(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 503, b'{"message": "drained"}')] * 9

    with pytest.raises(UnavailableError, match="could not serve GET /ext/agent/a1: 503 'drained'"):
        client.agents.get("a1")

    assert api.count("GET") == 5


def test_500_is_repeated_twice(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 500)] * 9

    with pytest.raises(UnavailableError):
        client.agents.get("a1")

    assert api.count("GET") == 3


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:07 GMT", "Date": NOON}, 7.0),
        ({"Retry-After": "0"}, 0.5),
        ({"Retry-After": "-1"}, 0.5),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT", "Date": NOON}, 0.5),
    ],
)
def test_retry_after_is_a_minimum(
    client: TrugenClient, api: ScriptedTrugen, clock: FakeClock, headers: dict[str, str], pause_s: float
) -> None:
    api.faults = [Fault("GET", 429, headers=headers)]

    client.agents.get("a1")

    assert clock.pauses == [pause_s]


def test_a_retry_after_of_a_day_ends_the_call_and_says_when(
    client: TrugenClient, api: ScriptedTrugen, clock: FakeClock
) -> None:
    api.faults = [Fault("GET", 429, headers={"Retry-After": "86400"})]

    with pytest.raises(UnavailableError, match="again in 86400 s, as TruGen asks"):
        client.agents.get("a1")

    assert clock.pauses == []


def test_a_pause_that_would_pass_the_deadline_is_not_made(
    api: ScriptedTrugen, new_client: Callable[..., TrugenClient], clock: FakeClock
) -> None:
    api.faults = [Fault("GET", 503, headers={"Retry-After": "20"})] * 3

    with pytest.raises(UnavailableError):
        new_client(deadline_s=30).agents.get("a1")

    assert clock.pauses == [20.0]


@pytest.mark.parametrize("status", [DROP, 408, 429, 500, 502, 503, 504, 599])
def test_a_post_is_never_repeated_blindly(client: TrugenClient, api: ScriptedTrugen, status: int) -> None:
    api.faults = [Fault("POST", status, headers={"Retry-After": "3"})]

    with pytest.raises(AmbiguousError, match="unknown whether POST /ext/agent took effect") as caught:
        client.agents.create({"agent_name": "Ada"})

    assert (api.count("POST"), caught.value.retry_after_s) == (1, 0.0 if status == DROP else 3.0)


def test_a_read_that_only_ever_breaks_off_says_so(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", DROP)] * 9

    with pytest.raises(NoAnswerError, match="the connection broke before the answer was complete"):
        client.agents.get("a1")


def test_a_cut_body_counts_as_no_answer(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("POST", 200, b'{"id": "a', headers={"Content-Length": "400"}, applied=True)]

    with pytest.raises(AmbiguousError):
        client.agents.create({"agent_name": "Ada"})


@pytest.mark.parametrize(
    ("status", "error", "next_step"),
    [
        (400, RefusedError, "Correct the value that the answer names"),
        (401, KeyRejectedError, "export TRUGEN_API_KEY"),
        (403, KeyRejectedError, "pulumi config set --secret trugenApiKey"),
        (404, NotFoundError, "Check the id in the TruGen console"),
        (410, NotFoundError, "Check the id in the TruGen console"),
        (422, RefusedError, "Correct the value that the answer names"),
        (501, RefusedError, "Correct the value that the answer names"),
    ],
)
def test_a_final_answer_is_not_repeated_and_names_the_next_step(
    client: TrugenClient, api: ScriptedTrugen, status: int, error: type[RefusedError], next_step: str
) -> None:
    api.faults = [Fault("PUT", status, b'{"error": "no"}')]

    with pytest.raises(error, match=f"TruGen refused PUT /ext/agent/a1: {status} 'no'") as caught:
        client.agents.replace("a1", {})

    assert (api.count("PUT"), next_step in str(caught.value)) == (1, True)


def test_every_pause_is_reported_in_one_line(new_client: Callable[..., TrugenClient], api: ScriptedTrugen) -> None:
    lines: list[str] = []
    api.faults = [Fault("GET", 503, b'{"error": "drained"}')]

    new_client(on_wait=lines.append).agents.get("a1")

    assert lines == ["TruGen could not serve GET /ext/agent/a1: 503 'drained'. Trying again in 0.5 s (2 of 5)."]

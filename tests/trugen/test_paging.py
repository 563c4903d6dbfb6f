import pytest

from components.trugen.client import TrugenClient
from components.trugen.errors import UnexpectedAnswerError
from tests.fixtures.scripted_trugen import TRUE, Fault, ScriptedTrugen


@pytest.fixture(autouse=True)
def _twenty_five_agents(api: ScriptedTrugen) -> None:
    for number in range(25):
        api.add({"agent_name": f"bot-{number}"})
    api.page_cap = 10


@pytest.mark.parametrize("header", ["true count", None, "10", "0", "1000", "-3", "many"])
def test_all_pages_are_read_whatever_the_total_header_says(
    client: TrugenClient, api: ScriptedTrugen, header: str | None
) -> None:
    api.total_header = header

    assert {agent["agent_name"] for agent in client.agents.search("bot")} == {f"bot-{n}" for n in range(25)}


def test_an_agent_that_moves_up_while_pages_are_read_is_found(client: TrugenClient, api: ScriptedTrugen) -> None:
    first = next(iter(api.agents))
    api.faults = [Fault("GET", TRUE), Fault("GET", TRUE, meanwhile=lambda: api.agents.pop(first))]

    assert "bot-10" in {agent["agent_name"] for agent in client.agents.search("bot")}


def test_nothing_found_is_an_empty_list(client: TrugenClient) -> None:
    assert client.agents.search("nobody") == []


def test_a_server_that_repeats_its_first_page_ends_the_search(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 200, b'[{"id": "a1", "agent_name": "bot"}]')] * 9

    assert [agent["id"] for agent in client.agents.search("bot")] == ["a1"]


@pytest.mark.parametrize(
    "body",
    [b"{}", b'["a1"]', b"[{}]", b'[{"id": "../x", "agent_name": "bot"}]', b"null"],
    ids=lambda body: body.decode(),
)
def test_a_list_that_is_no_list_of_agents_is_refused(client: TrugenClient, api: ScriptedTrugen, body: bytes) -> None:
    api.faults = [Fault("GET", 200, body)]

    with pytest.raises(UnexpectedAnswerError, match="no list of agents"):
        client.agents.search("bot")

"""/ext/agent: what is stored, what comes back, and what a replace and a merge do."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.fixtures.sandbox_server import SandboxServer

LLM = {"provider": "custom", "model": "smollm2:135m", "url": "http://127.0.0.1:11434/v1", "token": "canary-token"}

# The request of the guide this project is built from, with the members that the contract requires besides.
SEED = {
    "agent_name": "helpdesk",
    "agent_system_prompt": "Answer briefly.",
    "config": {"timeout": 240},
    "avatars": [
        {
            "avatar_key_id": "665a1170",
            "persona_name": "Helpdesk",
            "persona_prompt": "Answer in one sentence.",
            "config": {
                "llm": LLM,
                "stt": {"provider": "deepgram", "model": "nova-3"},
                "tts": {"provider": "elevenlabs", "voice_id": "ZUrEGyu8GFMwnHbvLhv2"},
            },
        }
    ],
}


def create(sandbox: SandboxServer, **members: Any) -> str:
    answer = sandbox.call("POST", "/ext/agent", {**SEED, **members})
    assert answer.status_code == 200, answer.text
    id_: str = answer.json()["id"]
    return id_


def read(sandbox: SandboxServer, id_: str) -> dict[str, Any]:
    agent: dict[str, Any] = sandbox.call("GET", f"/ext/agent/{id_}").json()
    return agent


def test_create_answers_with_the_id_and_a_message_only(sandbox: SandboxServer) -> None:
    answer = sandbox.call("POST", "/ext/agent", SEED)

    assert answer.status_code == 200
    assert {"id": sandbox.agents()[0]["id"], "message": "Agent created successfully"} == answer.json()


def test_a_created_agent_reads_as_it_was_sent(sandbox: SandboxServer) -> None:
    agent = read(sandbox, create(sandbox))

    avatar = agent["avatars"][0]
    assert (agent["agent_name"], agent["agent_system_prompt"]) == ("helpdesk", "Answer briefly.")
    assert (avatar["persona_name"], avatar["persona_prompt"]) == ("Helpdesk", "Answer in one sentence.")
    assert (avatar["config"]["llm"]["provider"], avatar["config"]["llm"]["model"]) == ("custom", "smollm2:135m")
    assert (avatar["config"]["stt"]["provider"], avatar["config"]["stt"]["model"]) == ("deepgram", "nova-3")
    assert avatar["config"]["tts"]["voice_id"] == "ZUrEGyu8GFMwnHbvLhv2"


def test_members_left_out_get_their_documented_defaults(sandbox: SandboxServer) -> None:
    agent = read(sandbox, create(sandbox, avatars=[{}]))

    avatar = agent["avatars"][0]
    assert (avatar["config"]["llm"]["provider"], avatar["config"]["llm"]["model"]) == ("azure-openai", "gpt-5.4-mini")
    assert (avatar["avatar_key_id"], avatar["timeout"], avatar["idle_timeout"]["timeout"]) == ("665a1170", 300, 30)
    assert (agent["record"], agent["is_active"], agent["type"]) == (True, True, "etev")


def test_the_system_prompt_stands_in_for_a_missing_persona_prompt(sandbox: SandboxServer) -> None:
    agent = read(sandbox, create(sandbox, avatars=[{}]))

    assert agent["avatars"][0]["persona_prompt"] == "Answer briefly."


def test_the_timeout_sent_comes_back_as_the_longest_call_too(sandbox: SandboxServer) -> None:
    config = read(sandbox, create(sandbox))["config"]

    assert (config["timeout"], config["maxCallDuration"]) == (240, 240)


def test_attachments_come_back_null_when_there_are_none(sandbox: SandboxServer) -> None:
    agent = read(sandbox, create(sandbox, tool=[]))

    assert [agent[kind] for kind in ("knowledge_base", "tool", "mcp", "guardrail")] == [None] * 4


def test_replace_keeps_id_and_creation_time_and_resets_what_is_left_out(sandbox: SandboxServer) -> None:
    id_ = create(sandbox, record=False, callback_url="https://hooks.example.org")
    before = read(sandbox, id_)

    answer = sandbox.call("PUT", f"/ext/agent/{id_}", {**SEED, "agent_name": "renamed"})

    after = read(sandbox, id_)
    assert {"id": id_, "message": "Agent updated successfully"} == answer.json()
    assert (before["created_at"], "renamed") == (after["created_at"], after["agent_name"])
    assert (after["record"], after["callback_url"]) == (True, "")
    assert before["updated_at"] < after["updated_at"]


def test_replace_without_the_llm_block_puts_the_agent_on_the_default_model(sandbox: SandboxServer) -> None:
    id_ = create(sandbox)

    sandbox.call("PUT", f"/ext/agent/{id_}", {**SEED, "avatars": [{"persona_name": "Helpdesk"}]})

    assert sandbox.agents()[0]["avatars"][0]["config"]["llm"]["provider"] == "azure-openai"


def test_merge_changes_only_what_is_sent(sandbox: SandboxServer) -> None:
    id_ = create(sandbox, record=False)

    sandbox.call("PATCH", f"/ext/agent/{id_}", {"is_active": False, "config": {"memory": {"isEnabled": False}}})

    stored = sandbox.agents()[0]
    assert (stored["is_active"], stored["record"], stored["config"]["timeout"]) == (False, False, 240)
    assert stored["config"]["memory"] == {"isEnabled": False, "instruction": "", "memoryCategories": []}
    assert LLM.items() <= stored["avatars"][0]["config"]["llm"].items()


def test_merge_adds_attachments_and_never_detaches_one(sandbox: SandboxServer) -> None:
    id_ = create(sandbox, tool=[{"id": "first"}])

    sandbox.call("PATCH", f"/ext/agent/{id_}", {"tool": [{"id": "second"}, {"id": "first"}]})
    sandbox.call("PATCH", f"/ext/agent/{id_}", {"tool": []})

    assert [tool["id"] for tool in read(sandbox, id_)["tool"]] == ["first", "second"]


def test_a_deleted_agent_is_gone(sandbox: SandboxServer) -> None:
    id_ = create(sandbox)

    deleted = sandbox.call("DELETE", f"/ext/agent/{id_}")

    assert {"id": id_, "message": "Agent deleted successfully"} == deleted.json()
    assert [sandbox.call(method, f"/ext/agent/{id_}", SEED).status_code for method in ("GET", "PUT", "DELETE")] == [
        404,
        404,
        404,
    ]


def test_names_are_not_unique(sandbox: SandboxServer) -> None:
    create(sandbox)
    create(sandbox)

    assert [agent["agent_name"] for agent in sandbox.agents()] == ["helpdesk", "helpdesk"]


def test_a_list_comes_in_pages_of_ten_oldest_first_with_the_total_in_a_header(sandbox: SandboxServer) -> None:
    ids = [create(sandbox, agent_name=f"agent {n}") for n in range(12)]

    first = sandbox.call("GET", "/ext/agent")
    second = sandbox.call("GET", "/ext/agent?offset=10&perpage=5")

    assert ids[:10] == [agent["id"] for agent in first.json()]
    assert ids[10:] == [agent["id"] for agent in second.json()]
    assert [page.headers["X-Total-Count"] for page in (first, second)] == ["12", "12"]


@pytest.mark.parametrize("search", ["Desk", "helpdesk [ab", "%"])
def test_search_finds_a_part_of_a_name_whatever_its_case(sandbox: SandboxServer, search: str) -> None:
    create(sandbox, agent_name="other")
    id_ = create(sandbox, agent_name="Helpdesk [ABC] 100%")

    found = sandbox.call("GET", "/ext/agent", params={"search": search})

    assert [id_] == [agent["id"] for agent in found.json()]
    assert found.headers["X-Total-Count"] == "1"


def test_search_finds_an_id(sandbox: SandboxServer) -> None:
    id_ = create(sandbox)
    create(sandbox)

    found = sandbox.call("GET", "/ext/agent", params={"search": id_}).json()

    assert [id_] == [agent["id"] for agent in found]


def test_agents_created_at_the_same_time_are_all_there(sandbox: SandboxServer) -> None:
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda n: create(sandbox, agent_name=f"agent {n}"), range(64)))

    assert set(ids) == {agent["id"] for agent in sandbox.agents()}


def test_merges_at_the_same_time_lose_nothing(sandbox: SandboxServer) -> None:
    id_ = create(sandbox)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sandbox.call("PATCH", f"/ext/agent/{id_}", {"mcp": [{"id": f"m{n}"}]}), range(24)))

    assert {f"m{n}" for n in range(24)} == {ref["id"] for ref in sandbox.agents()[0]["mcp"]}


def test_unknown_members_are_dropped_silently(sandbox: SandboxServer) -> None:
    id_ = create(sandbox, persona="misplaced")

    assert "persona" not in read(sandbox, id_)


def test_an_unknown_id_is_answered_under_message(sandbox: SandboxServer) -> None:
    answer = sandbox.call("GET", "/ext/agent/no-such-agent")

    assert (answer.status_code, answer.json()) == (404, {"message": "Agent details not found"})


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"agent_name": 7}, "agent_name: Input should be a valid string"),
        ({"agent_name": ""}, "agent_name: String should have at least 1 character"),
        ({"avatars": []}, "avatars: List should have at least 1 item"),
        ({"config": {"timeout": -1}}, "config.timeout: Input should be greater than or equal to 0"),
        ({"config": {"timeout": "240"}}, "config.timeout: Input should be a valid integer"),
        ({"callback_events": ["no_such_event"]}, "callback_events.0: Input should be"),
        ({"avatars": [{"config": {"llm": {"provider": "custom"}}}]}, "provider 'custom' needs model, token, url"),
        ({"avatars": [{"llm": {**LLM, "url": "no scheme"}}]}, "avatars.0.llm.url"),
    ],
)
def test_a_body_against_the_contract_is_refused_and_nothing_is_created(
    sandbox: SandboxServer, members: dict[str, Any], complaint: str
) -> None:
    answer = sandbox.call("POST", "/ext/agent", {**SEED, **members})

    assert answer.status_code == 400
    assert f"Invalid request body: {complaint}" in answer.json()["error"] or complaint in answer.json()["error"]
    assert sandbox.agents() == []


def test_a_refusal_repeats_no_value(sandbox: SandboxServer) -> None:
    avatar = {"config": {"llm": {**LLM, "url": "canary-url", "token": ["canary-token"]}}}

    answer = sandbox.call("POST", "/ext/agent", {**SEED, "avatars": [avatar]})

    assert answer.status_code == 400
    assert "canary" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}'])
def test_what_is_not_a_json_object_is_refused(sandbox: SandboxServer, body: bytes) -> None:
    answer = requests.post(f"{sandbox.api_url}/ext/agent", data=body, headers={"x-api-key": sandbox.api_key}, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Invalid request body: not ")


@pytest.mark.parametrize("query", ["offset=-1", "perpage=0", "perpage=ten", "offset="])
def test_a_malformed_page_is_refused(sandbox: SandboxServer, query: str) -> None:
    assert sandbox.call("GET", f"/ext/agent?{query}").status_code == 400

"""The switches for what an agent's writes do, one answer at a time; the defaults are in the other files."""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.sandbox_server import SandboxServer

LLM = {"provider": "custom", "model": "smollm2:135m", "url": "http://127.0.0.1:11434/v1", "token": "canary-token"}
BODY: dict[str, Any] = {"agent_name": "helpdesk", "agent_system_prompt": "p", "config": {}, "avatars": [{}]}


def create(sandbox: SandboxServer, **members: Any) -> str:
    answer = sandbox.call("POST", "/ext/agent", {**BODY, **members})
    assert answer.status_code == 200, answer.text
    id_: str = answer.json()["id"]
    return id_


def replaced(sandbox: SandboxServer, id_: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = sandbox.call("PUT", f"/ext/agent/{id_}", body)
    assert answer.status_code == 200, answer.text
    return sandbox.agents()[0]


@pytest.mark.parametrize("avatar", [{"llm": LLM}, {"config": {"llm": LLM}}])
def test_either_placement_takes_the_llm_block_from_both_places_and_shows_it_nested(
    tmp_path: Path, avatar: dict[str, Any]
) -> None:
    with SandboxServer(tmp_path, placement="either") as sandbox:
        id_ = create(sandbox, avatars=[avatar])

        shown = sandbox.call("GET", f"/ext/agent/{id_}").json()["avatars"][0]

    assert (shown["config"]["llm"]["provider"], "llm" in shown) == ("custom", False)


def test_a_partial_replace_leaves_alone_what_is_not_sent(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, replace="partial") as sandbox:
        id_ = create(sandbox, record=False, tool=[{"id": "t"}], avatars=[{"config": {"llm": LLM}}])

        agent = replaced(sandbox, id_, {"agent_name": "renamed", "config": {"memory": {"isEnabled": False}}})

    assert (agent["agent_name"], agent["record"], agent["config"]["timeout"]) == ("renamed", False, 300)
    assert [ref["id"] for ref in agent["tool"]] == ["t"]
    assert LLM.items() <= agent["avatars"][0]["config"]["llm"].items()


def test_a_partial_replace_still_replaces_an_attachment_list_that_is_sent(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, replace="partial") as sandbox:
        id_ = create(sandbox, tool=[{"id": "t"}])

        agent = replaced(sandbox, id_, {"tool": []})

    assert agent["tool"] == []


def test_a_replace_of_documented_members_drops_messages_widget_and_timeouts(tmp_path: Path) -> None:
    avatar = {
        "persona_name": "Ada",
        "timeout": 60,
        "welcome_message": {"messages": ["Hello"]},
        "config": {"llm": LLM, "turn_handling": "balanced"},
    }
    wanted = {**BODY, "config": {"timeout": 60, "maxCallDuration": 70}, "avatars": [avatar], "widget": {"color": "#1"}}
    with SandboxServer(tmp_path, put_members="documented") as sandbox:
        agent = replaced(sandbox, create(sandbox), wanted)

    stored = agent["avatars"][0]
    assert (stored["persona_name"], stored["config"]["llm"]["provider"]) == ("Ada", "custom")
    assert (stored["config"]["turn_handling"], agent["config"]["maxCallDuration"]) == ("balanced", 70)
    assert (stored["timeout"], stored["welcome_message"]["messages"], agent["config"]["timeout"]) == (300, [], 300)
    assert agent["widget"]["color"] == "#11E59E"


def test_an_empty_list_may_keep_what_is_attached(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, empty_list="keeps") as sandbox:
        id_ = create(sandbox, tool=[{"id": "t"}], guardrail=[{"id": "g"}])

        agent = replaced(sandbox, id_, {**BODY, "tool": [], "guardrail": [{"id": "other"}]})

    assert ([ref["id"] for ref in agent["tool"]], [ref["id"] for ref in agent["guardrail"]]) == (["t"], ["other"])


def test_patch_may_be_absent(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, patch="absent") as sandbox:
        answer = sandbox.call("PATCH", f"/ext/agent/{create(sandbox)}", {"record": False})

        assert (answer.status_code, sandbox.agents()[0]["record"]) == (405, True)


def test_unknown_members_may_be_kept_at_every_depth(tmp_path: Path) -> None:
    llm = {**LLM, "reasoning": "low"}
    with SandboxServer(tmp_path, unknown_fields="keep") as sandbox:
        id_ = create(sandbox, tier="gold", avatars=[{"pose": "left", "config": {"llm": llm, "webcam": True}}])

        agent = sandbox.call("GET", f"/ext/agent/{id_}").json()

    avatar = agent["avatars"][0]
    assert (agent["tier"], avatar["pose"], avatar["config"]["webcam"]) == ("gold", "left", True)
    assert avatar["config"]["llm"]["reasoning"] == "low"


def test_a_kept_member_never_stands_in_for_one_of_the_server(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, unknown_fields="keep") as sandbox:
        id_ = create(sandbox, id="mine", created_at="yesterday")

        agent = sandbox.call("GET", f"/ext/agent/{id_}").json()

    assert (agent["id"], agent["created_at"]) == (id_, agent["updated_at"])


@pytest.mark.parametrize(
    ("members", "named"),
    [({"tier": "gold"}, "tier"), ({"avatars": [{"config": {"llm": {**LLM, "x": 1}}}]}, "avatars.0.config.llm.x")],
)
def test_unknown_members_may_be_refused_by_name(tmp_path: Path, members: dict[str, Any], named: str) -> None:
    with SandboxServer(tmp_path, unknown_fields="reject") as sandbox:
        answer = sandbox.call("POST", "/ext/agent", {**BODY, **members})

        assert (answer.status_code, sandbox.agents()) == (400, [])
    assert f"{named}: Extra inputs are not permitted" in answer.json()["error"]


def test_where_unknown_members_are_refused_the_servers_own_may_be_echoed(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, unknown_fields="reject") as sandbox:
        id_ = create(sandbox)
        read = sandbox.call("GET", f"/ext/agent/{id_}").json()
        echoed = {key: read[key] for key in ("id", "created_at", "updated_at")}

        assert replaced(sandbox, id_, {**BODY, **echoed, "agent_name": "renamed"})["agent_name"] == "renamed"


@pytest.mark.parametrize(("placement", "elsewhere"), [("nested", "flat"), ("flat", "nested")])
def test_the_guides_defaults_hold_for_what_was_not_sent_at_the_place_looked_at(
    tmp_path: Path, placement: str, elsewhere: str
) -> None:
    sent = {"stt": {"provider": "elevenlabs"}}
    avatar = {"nested": {"config": sent}, "flat": sent}
    with SandboxServer(tmp_path, defaults="guide", placement=placement) as sandbox:
        create(sandbox, avatars=[avatar[placement]])
        create(sandbox, avatars=[avatar[elsewhere]], record=True)
        first, second = sandbox.agents()

    assert (first["record"], second["record"]) == (False, True)
    assert first["avatars"][0]["config"]["llm"]["provider"] == "groq"
    assert first["avatars"][0]["config"]["stt"]["provider"] == "elevenlabs"
    assert second["avatars"][0]["config"]["stt"]["model"] == "flux-general-en"


def test_a_name_may_be_taken(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, unique_names=True) as sandbox:
        id_ = create(sandbox)
        other = create(sandbox, agent_name="other")

        again = sandbox.call("POST", "/ext/agent", BODY)
        renamed = sandbox.call("PUT", f"/ext/agent/{other}", BODY)
        same = sandbox.call("PUT", f"/ext/agent/{id_}", BODY)

        assert [agent["agent_name"] for agent in sandbox.agents()] == ["helpdesk", "other"]
    assert (again.status_code, renamed.status_code, same.status_code) == (409, 409, 200)


def test_the_event_that_the_spec_lacks_may_be_refused(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, call_ended="refused") as sandbox:
        other = sandbox.call("POST", "/ext/agent", {**BODY, "callback_events": ["tool_call"]})
        answer = sandbox.call("POST", "/ext/agent", {**BODY, "callback_events": ["tool_call", "call_ended"]})

    assert (other.status_code, answer.status_code) == (200, 400)
    assert "'call_ended' is not one of the events" in answer.json()["error"]


def test_plain_http_may_be_refused_for_an_llm(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, http_urls="refused") as sandbox:
        plain = sandbox.call("POST", "/ext/agent", {**BODY, "avatars": [{"config": {"llm": LLM}}]})
        https = {**LLM, "url": "https://llm.example.org/v1"}
        secured = sandbox.call("POST", "/ext/agent", {**BODY, "avatars": [{"config": {"llm": https}}]})

    assert (plain.status_code, secured.status_code) == (400, 200)

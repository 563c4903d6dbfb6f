"""The switches for what reads, lists, deletes and attachments answer."""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.sandbox_server import SandboxServer

LLM = {"provider": "custom", "model": "smollm2:135m", "url": "http://127.0.0.1:11434/v1", "token": "canary-token"}
BODY: dict[str, Any] = {"agent_name": "helpdesk", "agent_system_prompt": "p", "config": {}, "avatars": [{}]}
KB = {"name": "runbooks", "description": "d"}
FORM = {name: (None, value) for name, value in KB.items()}


def create(sandbox: SandboxServer, **members: Any) -> str:
    answer = sandbox.call("POST", "/ext/agent", {**BODY, **members})
    assert answer.status_code == 200, answer.text
    id_: str = answer.json()["id"]
    return id_


def found(sandbox: SandboxServer, search: str) -> list[str]:
    page = sandbox.call("GET", "/ext/agent", params={"search": search})
    assert page.headers["X-Total-Count"] == str(len(page.json()))
    return [agent["agent_name"] for agent in page.json()]


def test_url_and_token_may_be_masked(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, llm_secrets="masked") as sandbox:
        id_ = create(sandbox, avatars=[{"config": {"llm": LLM}}])

        llm = sandbox.call("GET", f"/ext/agent/{id_}").json()["avatars"][0]["config"]["llm"]

        assert sandbox.agents()[0]["avatars"][0]["config"]["llm"]["token"] == LLM["token"]
    assert (llm["token"], llm["url"], llm["model"]) == ("****oken", "****4/v1", LLM["model"])


def test_a_brief_list_shows_names_times_and_llms_only(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, list_items="brief") as sandbox:
        id_ = create(sandbox, avatars=[{"config": {"llm": LLM}}])

        item = sandbox.call("GET", "/ext/agent").json()[0]
        whole = sandbox.call("GET", f"/ext/agent/{id_}").json()

    llm = {key: whole["avatars"][0]["config"]["llm"][key] for key in ("provider", "model")}
    assert item.keys() == {"id", "agent_name", "created_at", "updated_at", "avatars"}
    assert item["avatars"][0].keys() == {"config"}
    assert llm.items() <= item["avatars"][0]["config"]["llm"].items()
    assert "agent_system_prompt" in whole


@pytest.mark.parametrize(
    ("match", "by_whole", "by_start", "by_part"),
    [
        ("substring", ["Help Desk"], ["Help Desk"], ["Help Desk"]),
        ("prefix", ["Help Desk"], ["Help Desk"], []),
        ("exact", ["Help Desk"], [], []),
    ],
)
def test_search_finds_names_by_a_part_a_beginning_or_the_whole_whatever_the_case(
    tmp_path: Path, match: str, by_whole: list[str], by_start: list[str], by_part: list[str]
) -> None:
    with SandboxServer(tmp_path, search=match) as sandbox:
        create(sandbox, agent_name="other")
        id_ = create(sandbox, agent_name="Help Desk")

        assert (by_whole, by_start, by_part) == tuple(found(sandbox, text) for text in ("help desk", "help", "desk"))
        assert (found(sandbox, id_), found(sandbox, "")) == (["Help Desk"], ["other", "Help Desk"])


def test_a_page_may_be_shorter_than_asked_for(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, max_perpage=2) as sandbox:
        ids = [create(sandbox) for _ in range(3)]

        page = sandbox.call("GET", "/ext/agent?perpage=50")

    assert ids[:2] == [agent["id"] for agent in page.json()]
    assert page.headers["X-Total-Count"] == "3"


def test_a_second_delete_may_be_acknowledged(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, second_delete="200") as sandbox:
        id_ = create(sandbox)
        answers = [sandbox.call("DELETE", f"/ext/agent/{id_}") for _ in range(2)]

        assert sandbox.call("GET", f"/ext/agent/{id_}").status_code == 404
    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_malformed_id_may_be_a_bad_request(tmp_path: Path) -> None:
    unknown = "6b1f7c9e-0000-4000-8000-000000000000"
    with SandboxServer(tmp_path, malformed_id="400") as sandbox:
        statuses = [sandbox.call("GET", f"/ext/agent/{id_}").status_code for id_ in ("no-uuid", unknown)]

    assert statuses == [400, 404]


@pytest.mark.parametrize("member", ["error", "detail"])
@pytest.mark.parametrize("path", ["/ext/agent/x", "/ext/mcp/x"])
def test_what_is_missing_may_be_said_under_another_member(tmp_path: Path, member: str, path: str) -> None:
    with SandboxServer(tmp_path, missing_under=member) as sandbox:
        answer = sandbox.call("GET", path)

    assert (answer.status_code, [*answer.json()]) == (404, [member])


def test_reads_may_miss_a_new_agent_for_a_while(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, lag_reads=2) as sandbox:
        id_ = create(sandbox)
        statuses = [sandbox.call("GET", f"/ext/agent/{id_}").status_code for _ in range(3)]
        create(sandbox, agent_name="second")
        searches = [found(sandbox, "second") for _ in range(3)]

    assert (statuses, searches) == ([404, 404, 200], [[], [], ["second"]])


def test_reads_may_show_what_was_there_before_a_change_and_a_delete(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        id_ = create(sandbox)

    with SandboxServer(tmp_path, lag_reads=1) as sandbox:
        sandbox.call("PUT", f"/ext/agent/{id_}", {**BODY, "agent_name": "renamed"})
        names = [sandbox.call("GET", f"/ext/agent/{id_}").json()["agent_name"] for _ in range(2)]
        sandbox.call("DELETE", f"/ext/agent/{id_}")
        statuses = [sandbox.call("GET", f"/ext/agent/{id_}").status_code for _ in range(2)]

    assert (names, statuses) == (["helpdesk", "renamed"], [200, 404])


def test_a_new_tool_may_be_answered_with_nothing(tmp_path: Path) -> None:
    schema = {"type": "function", "parameters": {}, **KB}
    request = {"method": "GET", "url": "http://127.0.0.1/"}
    tool = {"type": "tool.api", "schema": schema, "request_config": request, "event_messages": {}}
    with SandboxServer(tmp_path, tool_answer="empty") as sandbox:
        answer = sandbox.call("POST", "/ext/tool", tool)

        assert [tool["schema"]["name"] for tool in sandbox.call("GET", "/ext/tool").json()] == ["runbooks"]
    assert (answer.status_code, answer.content) == (201, b"")


@pytest.mark.parametrize(("media", "form", "json"), [("multipart", 200, 400), ("json", 400, 200), ("both", 200, 200)])
def test_a_knowledge_base_is_created_from_a_form_json_or_either(
    tmp_path: Path, media: str, form: int, json: int
) -> None:
    with SandboxServer(tmp_path, kb_media=media) as sandbox:
        by_form = sandbox.call("POST", "/ext/kb", files=FORM)
        by_json = sandbox.call("POST", "/ext/kb", {**KB, "text": "Restart it."})

        knowledge_bases = sandbox.call("GET", "/ext/kbs").json()

    assert (by_form.status_code, by_json.status_code) == (form, json)
    assert {knowledge_base["name"] for knowledge_base in knowledge_bases} == {"runbooks"}
    assert sum(knowledge_base["no_of_rec"] for knowledge_base in knowledge_bases) == (json == 200)


@pytest.mark.parametrize(
    ("field", "by_input", "by_file"), [("input", 200, 400), ("file", 400, 200), ("both", 200, 200)]
)
def test_a_document_is_taken_from_the_selected_field(tmp_path: Path, field: str, by_input: int, by_file: int) -> None:
    with SandboxServer(tmp_path, kb_file_field=field) as sandbox:
        id_ = sandbox.call("POST", "/ext/kb", files=FORM).json()["id"]
        statuses = [
            sandbox.call("POST", f"/ext/kb/{id_}/doc", files={name: (f"{name}.pdf", b"%PDF")}).status_code
            for name in ("input", "file")
        ]

        documents = sandbox.call("GET", f"/ext/kb/{id_}").json()["documents"]

    assert statuses == [by_input, by_file]
    assert len(documents) == statuses.count(200)


def test_documents_may_show_whether_they_are_ready(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, kb_status="shown") as sandbox:
        sandbox.call("POST", "/ext/kb", files={**FORM, "text": (None, "Restart it.")})

        document = sandbox.call("GET", "/ext/kbs").json()[0]["documents"][0]

    assert document["status"] == "ready"


def test_providers_may_come_as_an_object_by_type(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        entries = sandbox.call("GET", "/ext/providers").json()

    with SandboxServer(tmp_path, providers="object") as sandbox:
        by_type = sandbox.call("GET", "/ext/providers").json()

    assert (list(by_type), [entry for group in by_type.values() for entry in group]) == (["llm", "stt", "tts"], entries)

"""Knowledge bases, tools, MCP records, guardrails, templates: what agents refer to."""

from typing import Any

import pytest

from tests.fixtures.sandbox_server import SandboxServer

TOOL: dict[str, Any] = {
    "type": "tool.api",
    "schema": {"type": "function", "name": "getStatus", "description": "Status.", "parameters": {"type": "object"}},
    "request_config": {"method": "GET", "url": "https://ops.example.org", "headers": {"Accept": "application/json"}},
    "event_messages": {"on_delay": {"delay": 3, "message": "Still checking."}},
}
MCP = {"name": "ops", "description": "Read-only.", "type": "shttp", "request_config": {"url": "https://m.example.org"}}
GUARDRAIL = {"name": "No credentials", "prompt": "Trigger on passwords."}
SERVER_FIELDS = {"id", "created_at", "updated_at"}


def new(sandbox: SandboxServer, path: str, body: object) -> str:
    id_: str = sandbox.call("POST", path, body).json()["id"]
    return id_


def knowledge_base(sandbox: SandboxServer, **parts: str) -> str:
    form = {"name": (None, "runbooks"), "description": (None, "For operations."), **parts}
    id_: str = sandbox.call("POST", "/ext/kb", files=form).json()["id"]
    return id_


def agent_with(sandbox: SandboxServer, **attached: object) -> dict[str, Any]:
    body = {"agent_name": "a", "agent_system_prompt": "", "config": {}, "avatars": [{}], **attached}
    agent: dict[str, Any] = sandbox.call("GET", f"/ext/agent/{new(sandbox, '/ext/agent', body)}").json()
    return agent


@pytest.mark.parametrize(("path", "body"), [("/ext/tool", TOOL), ("/ext/mcp", MCP)])
def test_what_was_sent_comes_back_with_id_and_times(sandbox: SandboxServer, path: str, body: dict[str, Any]) -> None:
    id_ = new(sandbox, path, body)

    read = sandbox.call("GET", f"{path}/{id_}").json()
    assert {key: read[key] for key in read.keys() - SERVER_FIELDS} == body
    assert read in sandbox.call("GET", path).json()


def test_a_tool_is_replaced_whole(sandbox: SandboxServer) -> None:
    id_ = new(sandbox, "/ext/tool", TOOL)

    sandbox.call("PUT", f"/ext/tool/{id_}", {**TOOL, "event_messages": {}})

    assert sandbox.call("GET", f"/ext/tool/{id_}").json()["event_messages"] == {}


def test_a_knowledge_base_is_read_beside_its_documents(sandbox: SandboxServer) -> None:
    id_ = knowledge_base(sandbox)
    added = sandbox.call("POST", f"/ext/kb/{id_}/doc", files={"input": ("restart.pdf", b"%PDF")})

    detail = sandbox.call("GET", f"/ext/kb/{id_}").json()

    assert added.json()["added"] == 1
    assert (detail["knowledge_base"]["name"], detail["knowledge_base"]["no_of_rec"]) == ("runbooks", 1)
    assert [(document["name"], document["type"]) for document in detail["documents"]] == [("restart.pdf", ".pdf")]


def test_a_document_is_deleted_by_its_own_id(sandbox: SandboxServer) -> None:
    id_ = knowledge_base(sandbox, text="Restart the worker.")
    document = sandbox.call("GET", f"/ext/kb/{id_}").json()["documents"][0]["id"]

    deleted = sandbox.call("DELETE", f"/ext/kb/doc/{document}")

    assert deleted.json()["id"] == document
    assert sandbox.call("GET", "/ext/kbs").json()[0]["documents"] == []


def test_a_deleted_knowledge_base_takes_its_documents_along(sandbox: SandboxServer) -> None:
    id_ = knowledge_base(sandbox, text="Restart the worker.")
    document = sandbox.call("GET", f"/ext/kb/{id_}").json()["documents"][0]["id"]

    sandbox.call("DELETE", f"/ext/kb/{id_}")

    assert sandbox.call("DELETE", f"/ext/kb/doc/{document}").status_code == 404


def test_an_agent_shows_names_of_what_is_attached_and_guardrails_in_full(sandbox: SandboxServer) -> None:
    base, tool = knowledge_base(sandbox), new(sandbox, "/ext/tool", TOOL)
    mcp, guardrail = new(sandbox, "/ext/mcp", MCP), new(sandbox, "/ext/guardrail", GUARDRAIL)

    agent = agent_with(
        sandbox, knowledge_base=[{"id": base}], tool=[{"id": tool}], mcp=[{"id": mcp}], guardrail=[{"id": guardrail}]
    )

    assert agent["knowledge_base"] == [{"id": base, "name": "runbooks", "description": "For operations."}]
    assert agent["tool"] == [{"id": tool, "name": "getStatus", "description": "Status."}]
    assert agent["mcp"] == [{"id": mcp, "name": "ops", "description": "Read-only."}]
    rest = {"category": "", "response_message": "", "callback_url": ""}
    assert agent["guardrail"] == [{"id": guardrail, "key": "no_credentials", **GUARDRAIL, **rest}]


def test_a_deleted_attachment_stays_on_its_agents(sandbox: SandboxServer) -> None:
    guardrail = new(sandbox, "/ext/guardrail", GUARDRAIL)
    agent = agent_with(sandbox, guardrail=[{"id": guardrail}])

    sandbox.call("DELETE", f"/ext/guardrail/{guardrail}")

    attached = sandbox.call("GET", f"/ext/agent/{agent['id']}").json()["guardrail"]
    assert [ref["id"] for ref in attached] == [guardrail]


def test_guardrails_of_one_name_get_different_keys_that_survive_a_rename(sandbox: SandboxServer) -> None:
    new(sandbox, "/ext/guardrail", GUARDRAIL)
    second = new(sandbox, "/ext/guardrail", GUARDRAIL)

    sandbox.call("PUT", f"/ext/guardrail/{second}", {**GUARDRAIL, "name": "Renamed"})

    listed = sandbox.call("GET", "/ext/guardrail").json()
    assert [(one["name"], one["key"]) for one in listed] == [
        ("No credentials", "no_credentials"),
        ("Renamed", "no_credentials_2"),
    ]


def test_an_agent_made_from_a_template_has_its_prompt_and_attachments(sandbox: SandboxServer) -> None:
    guardrail = new(sandbox, "/ext/guardrail", GUARDRAIL)
    template = {"template_name": "t", "template_system_prompt": "Be brief.", "guardrail": [{"id": guardrail}]}
    template_id = new(sandbox, "/ext/template", template)
    wanted = {"template_id": template_id, "avatar_key_id": "80b9095f", "context_override": "In English."}

    agent = sandbox.call("GET", f"/ext/agent/{new(sandbox, '/ext/agentbytemplate', wanted)}").json()

    assert agent["agent_system_prompt"] == "Be brief.\nIn English."
    assert agent["avatars"][0]["avatar_key_id"] == "80b9095f"
    assert [one["id"] for one in agent["guardrail"]] == [guardrail]


def test_a_custom_avatar_is_queued_first_and_completed_when_read(sandbox: SandboxServer) -> None:
    body = {"avatar_name": "mascot", "gender": "female", "input_image": "data:image/jpeg;base64,AA=="}
    created = sandbox.call("POST", "/../v2/custom-avatar", body).json()

    read = sandbox.call("GET", f"/../v2/custom-avatar/{created['id']}").json()

    assert (created["status"], read["status"]) == ("QUEUED", "COMPLETED")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"prompt": "p"}, "name is required"),
        ({"name": "n", "prompt": ""}, "prompt is required"),
        ({"name": "n", "prompt": "p", "callback_url": "ftp://x"}, "callback_url must be a valid http(s) URL"),
    ],
)
def test_a_guardrail_is_refused_in_the_documented_words(
    sandbox: SandboxServer, body: dict[str, str], complaint: str
) -> None:
    answer = sandbox.call("POST", "/ext/guardrail", body)

    assert (answer.status_code, answer.json()) == (400, {"error": complaint})


def test_a_knowledge_base_sent_as_json_is_refused(sandbox: SandboxServer) -> None:
    answer = sandbox.call("POST", "/ext/kb", {"name": "n", "description": "d"})

    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid request body: not multipart/form-data"})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ext/kb/x", {"error": "", "message": "Knowledge Base not found"}),
        ("/ext/tool/x", {"error": "", "message": "Tool details not found"}),
        ("/ext/mcp/x", {"error": "MCP not found", "message": ""}),
        ("/ext/template/x", {"error": "", "message": "Template not found"}),
    ],
)
def test_an_unknown_id_is_not_found_under_the_documented_member(
    sandbox: SandboxServer, path: str, body: dict[str, str]
) -> None:
    answer = sandbox.call("GET", path)

    assert answer.status_code == 404
    assert answer.json() == {key: text for key, text in body.items() if text}

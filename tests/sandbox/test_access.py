"""Who may call, from where, and what never shows in an answer or a log."""

import logging
from typing import Any

import pytest
import requests

from tests.fixtures.sandbox_server import SandboxServer

UNAUTHORIZED = {"error": "Unauthorized: not a valid authorization api key"}
AGENT: dict[str, Any] = {"agent_name": "a", "agent_system_prompt": "", "config": {}, "avatars": [{}]}


def test_the_stock_avatars_are_a_cheap_check_of_the_key(sandbox: SandboxServer) -> None:
    avatars = sandbox.call("GET", "/ext/avatars")

    assert avatars.status_code == 200
    assert avatars.json()[0]["avatar_key_id"] == "665a1170"


def test_providers_are_listed_by_what_they_do(sandbox: SandboxServer) -> None:
    kinds = {entry["provider_type"] for entry in sandbox.call("GET", "/ext/providers").json()}

    assert kinds == {"llm", "stt", "tts"}


def test_the_public_avatar_of_an_agent_needs_no_key(sandbox: SandboxServer) -> None:
    id_ = sandbox.call("POST", "/ext/agent", AGENT).json()["id"]

    avatar = requests.get(f"{sandbox.api_url}/ext/avatars/{id_}", timeout=5)

    assert avatar.json() == {"agent_id": id_, "avatars": [{"avatar_key_id": "665a1170", "persona_name": ""}]}


@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"x-api-key": "wrong"}, {"x-api-key": "schlüssel"}])
@pytest.mark.parametrize("path", ["/v1/ext/agent", "/v1/ext/avatars", "/v1/no/such/path", "/sandbox/agents/x/say"])
def test_without_the_key_every_call_is_refused(sandbox: SandboxServer, path: str, headers: dict[str, str]) -> None:
    sent = {name: value.encode() for name, value in headers.items()}

    answer = requests.post(sandbox.root + path, headers=sent, timeout=5)

    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_an_unknown_path_is_a_json_404(sandbox: SandboxServer) -> None:
    answer = sandbox.call("GET", "/ext/no-such-thing")

    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_a_wrong_method_names_the_right_ones(sandbox: SandboxServer) -> None:
    answer = sandbox.call("PUT", "/ext/agent", AGENT)

    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_no_log_line_holds_key_token_or_prompt(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    llm = {"provider": "custom", "model": "m", "url": "http://127.0.0.1:1/v1", "token": "canary-token"}
    body = {**AGENT, "agent_system_prompt": "canary-prompt", "avatars": [{"config": {"llm": llm}}]}

    id_ = sandbox.call("POST", "/ext/agent", body).json()["id"]
    sandbox.call("PUT", f"/ext/agent/{id_}", {**body, "record": "canary-value"})
    requests.post(
        f"{sandbox.root}/sandbox/agents/{id_}/say",
        json={"text": "canary-text"},
        headers={"x-api-key": sandbox.api_key},
        timeout=5,
    )

    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    assert "canary" not in logged
    assert sandbox.api_key not in logged

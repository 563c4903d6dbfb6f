"""POST /sandbox/agents/{id}/say: the agent's LLM called as TruGen calls it, its answer passed through."""

import shutil
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fixtures.sandbox_server import SandboxServer
from tests.fixtures.scripted_llm import (
    COUNTING,
    DONE,
    MODEL,
    ScriptedLlm,
    answer,
    chunk,
    raw_answer,
    refuse,
    reset,
    stream,
)
from tests.fixtures.scripted_socket import TLS_FILES, Asked, Connection, tls_context

TOKEN = "canary-llm-token"
TOOL = {
    "type": "tool.api",
    "schema": {"type": "function", "name": "getStatus", "description": "Status.", "parameters": {"type": "object"}},
    "request_config": {"method": "GET", "url": "http://127.0.0.1/"},
    "event_messages": {},
}


def agent(sandbox: SandboxServer, llm: dict[str, Any] | None, **members: Any) -> str:
    avatar = {"persona_prompt": "Be brief.", **({"config": {"llm": llm}} if llm else {})}
    body = {"agent_name": "a", "agent_system_prompt": "", "config": {}, "avatars": [avatar], **members}
    id_: str = sandbox.call("POST", "/ext/agent", body).json()["id"]
    return id_


def custom(base_url: str) -> dict[str, str]:
    return {"provider": "custom", "model": MODEL, "url": base_url, "token": TOKEN}


def say(sandbox: SandboxServer, id_: str, text: str = "Hello?") -> requests.Response:
    return requests.post(
        f"{sandbox.root}/sandbox/agents/{id_}/say",
        json={"text": text},
        headers={"x-api-key": sandbox.api_key},
        stream=True,
        timeout=10,
    )


def test_the_llm_is_asked_as_trugen_asks_it(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[stream()]) as llm:
        _ = say(sandbox, agent(sandbox, custom(llm.base_url)), "Hello?").content

    asked = llm.chats()[0]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.json() == {
        "model": MODEL,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "stream": True,
    }


def test_attached_tools_go_along(sandbox: SandboxServer) -> None:
    tool = sandbox.call("POST", "/ext/tool", TOOL).json()["id"]

    with ScriptedLlm(chat=[stream()]) as llm:
        _ = say(sandbox, agent(sandbox, custom(llm.base_url), tool=[{"id": tool}])).content

    function = {"name": "getStatus", "description": "Status.", "parameters": {"type": "object"}}
    assert llm.chats()[0].json()["tools"] == [{"type": "function", "function": function}]


def test_the_stream_is_passed_through_unchanged(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[stream()]) as llm:
        answered = say(sandbox, agent(sandbox, custom(llm.base_url)))

    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answered.content == b"".join(COUNTING)


def test_what_has_arrived_is_passed_on_before_the_llm_has_ended(sandbox: SandboxServer) -> None:
    heard = threading.Event()

    def until_heard(connection: Connection, _: Asked) -> None:
        # No chunks and no length: the body ends with the connection, as with HTTP/1.0 servers.
        connection.head(200, {"Content-Type": "text/event-stream"})
        connection.send(chunk("One"))
        heard.wait(5)
        connection.send(chunk("two") + DONE)

    with ScriptedLlm(chat=[until_heard]) as llm:
        answered = say(sandbox, agent(sandbox, custom(llm.base_url)))
        first = answered.raw.read1()
        was_early = not heard.is_set()
        heard.set()
        rest = answered.raw.read()

    assert was_early
    assert (first, rest) == (chunk("One"), chunk("two") + DONE)


def test_the_token_may_hold_characters_that_urls_and_netrc_do_not_have(sandbox: SandboxServer) -> None:
    odd = {**custom(""), "token": "a:b/c+d=="}

    with ScriptedLlm(chat=[stream()]) as llm:
        _ = say(sandbox, agent(sandbox, {**odd, "url": llm.base_url})).content

    assert llm.chats()[0].headers["authorization"] == "Bearer a:b/c+d=="


def test_a_stream_without_its_last_frame_ends_in_an_error_event(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[stream(chunk("One"))]) as llm:
        content = say(sandbox, agent(sandbox, custom(llm.base_url))).content

    assert content.startswith(chunk("One"))
    assert b"event: error\ndata: " in content
    assert b"the stream ended without `data: [DONE]`" in content


def test_a_stream_that_breaks_off_ends_in_an_error_event(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[stream(chunk("One"), end=False)]) as llm:
        content = say(sandbox, agent(sandbox, custom(llm.base_url))).content

    assert b"event: error\ndata: " in content


def test_an_llm_that_is_not_there_is_an_error(sandbox: SandboxServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    answered = say(sandbox, agent(sandbox, custom(f"http://127.0.0.1:{port}/v1")))

    assert (answered.status_code, answered.json()["cause"]) == (502, "unreachable")
    assert answered.json()["error"].startswith(f"POST http://127.0.0.1:{port}/v1/chat/completions got no answer:")


def test_an_llm_that_hangs_up_is_an_error(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[reset]) as llm:
        answered = say(sandbox, agent(sandbox, custom(llm.base_url)))

    assert (answered.status_code, answered.json()["cause"]) == (502, "unreachable")


def test_a_refusal_of_the_llm_is_repeated_without_the_token(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[refuse(401, f"no such key: {TOKEN}")]) as llm:
        answered = say(sandbox, agent(sandbox, custom(llm.base_url)))

    assert (answered.status_code, answered.json()["cause"]) == (502, "refused")
    assert "HTTP 401" in answered.json()["error"]
    assert "no such key: [token]" in answered.json()["error"]


def test_a_redirect_is_not_followed_with_the_token(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[stream()]) as other:
        moved = raw_answer(307, b"", Location=f"{other.base_url}/chat/completions")
        with ScriptedLlm(chat=[moved]) as llm:
            answered = say(sandbox, agent(sandbox, custom(llm.base_url)))

    assert answered.json()["cause"] == "refused"
    assert other.chats() == []


def test_an_answer_in_one_piece_is_an_error(sandbox: SandboxServer) -> None:
    with ScriptedLlm(chat=[answer(200, {"choices": []})]) as llm:
        answered = say(sandbox, agent(sandbox, custom(llm.base_url)))

    assert (answered.status_code, answered.json()["cause"]) == (502, "no_stream")
    assert "application/json instead of text/event-stream" in answered.json()["error"]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/v1", "http://", "mailto:somebody"])
def test_a_url_that_nobody_can_post_to_is_an_error(sandbox: SandboxServer, url: str) -> None:
    answered = say(sandbox, agent(sandbox, custom(url)))

    assert (answered.status_code, answered.json()["cause"]) == (502, "unreachable")


def test_an_agent_on_the_default_model_says_why_nobody_answers(sandbox: SandboxServer) -> None:
    answered = say(sandbox, agent(sandbox, None))

    assert (answered.status_code, answered.json()["cause"]) == (409, "no_external_llm")
    assert "it runs on azure-openai / gpt-5.4-mini" in answered.json()["error"]


def test_nothing_said_is_refused(sandbox: SandboxServer) -> None:
    assert say(sandbox, agent(sandbox, None), "").status_code == 400


def test_an_unknown_agent_is_not_found(sandbox: SandboxServer) -> None:
    assert say(sandbox, "no-such-agent").status_code == 404


@pytest.mark.parametrize(("trusted", "status"), [("localhost.pem", 200), ("llm.example.test.crt", 502), (None, 502)])
def test_an_llm_that_makes_its_own_certificate_is_trusted_by_its_file_alone(
    tmp_path: Path, trusted: str | None, status: int
) -> None:
    with (
        ScriptedLlm(chat=[stream()], tls=tls_context("localhost.pem")) as llm,
        SandboxServer(tmp_path, authorities=tmp_path) as sandbox,
    ):
        if trusted:
            shutil.copy(TLS_FILES / trusted, tmp_path / f"localhost:{llm.port}.pem")
        answered = say(sandbox, agent(sandbox, custom(f"https://localhost:{llm.port}/v1")))

    assert answered.status_code == status
    assert status == 200 or "fetch its authority again by `pulumi up`" in answered.json()["error"]

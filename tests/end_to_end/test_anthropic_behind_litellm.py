"""The real LiteLLM, started on exactly the file that we render, between the gate and a stand-in for Anthropic."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import requests

from components.llm.engines import LITELLM
from components.llm.gate.failure import CannotServe, NotReady
from components.llm.gate.needs import Needs
from components.llm.gate.readiness import Budget, Evidence, Target, probe_once, wait_until_ready
from components.llm.litellm_config import litellm_config
from components.llm.proxied import AnthropicLlm
from tests.end_to_end.test_official_client import PIXEL, WEATHER
from tests.fixtures.real_servers import RealServer, real_litellm_of
from tests.fixtures.stand_ins.anthropic_messages import MODEL, NO_CREDIT, WORDS, AnthropicMessages

KEY = "sk-ant-canary0123456789abcdef"
TOKEN = "canary-Token_0123456789abcdefghijklmnopqrstuv"
MAX_TOKENS = 700
LOGIN = "/sso/key/generate"


@pytest.fixture(scope="module")
def anthropic() -> Iterator[AnthropicMessages]:
    with AnthropicMessages(KEY).serve() as served:
        yield served


@pytest.fixture(autouse=True)
def well_again(anthropic: AnthropicMessages) -> None:
    anthropic.refusal = None
    anthropic.key = KEY


@pytest.fixture(scope="module")
def litellm(anthropic: AnthropicMessages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    llm = AnthropicLlm(engine="anthropic", model=MODEL, max_tokens=MAX_TOKENS)
    # Its documented way to call another host than api.anthropic.com.
    environment = {**LITELLM.env, "ANTHROPIC_API_BASE": anthropic.url}
    with real_litellm_of(litellm_config(llm, TOKEN, KEY), tmp_path_factory.mktemp("litellm"), **environment) as server:
        yield server


def target(server: RealServer, **changes: Any) -> Target:
    return Target(**{"base_url": server.base_url, "model": MODEL, "engine": LITELLM.name, "token": TOKEN, **changes})


def gate(server: RealServer, **changes: Any) -> Evidence:
    return wait_until_ready(target(server, **changes), budget=Budget(timeout_s=30.0), on_progress=lambda _line: None)


def refusal(server: RealServer, kind: type[NotReady] = CannotServe, **changes: Any) -> str:
    with pytest.raises(kind) as caught:
        gate(server, **changes)
    return str(caught.value)


def test_it_is_ready(litellm: RealServer) -> None:
    evidence = gate(litellm, auth_required=True)

    assert [f"{check.id}: {check.detail}" for check in evidence.checks if check.verdict == "fail"] == []
    assert probe_once(target(litellm)).healthy


def test_it_is_ready_for_agents_with_tools(litellm: RealServer) -> None:
    evidence = gate(litellm, needs=Needs(tools=True))

    assert [f"{check.id}: {check.detail}" for check in evidence.checks if check.verdict == "fail"] == []


def test_the_official_client_streams_what_anthropic_says(litellm: RealServer) -> None:
    with openai.OpenAI(base_url=litellm.base_url, api_key=TOKEN, max_retries=0) as client:
        stream = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)

    assert [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content] == list(WORDS)
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [len(WORDS)]


def test_the_official_client_makes_a_round_trip_of_a_tool(litellm: RealServer, anthropic: AnthropicMessages) -> None:
    question: Any = {"role": "user", "content": "Weather?"}
    with openai.OpenAI(base_url=litellm.base_url, api_key=TOKEN, max_retries=0) as client:
        asked = list(
            client.chat.completions.create(
                model=MODEL, messages=[question], tools=[WEATHER], stream=True, max_tokens=64
            )
        )
        pieces = [piece for chunk in asked for choice in chunk.choices for piece in choice.delta.tool_calls or ()]
        arguments = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
        call: Any = {
            "id": pieces[0].id,
            "type": "function",
            "function": {"name": pieces[0].function and pieces[0].function.name, "arguments": arguments},
        }
        turns: Any = [
            question,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": "sunny"},
        ]
        answered = list(
            client.chat.completions.create(model=MODEL, messages=turns, tools=[WEATHER], stream=True, max_tokens=64)
        )

    assert json.loads(arguments) == {"city": "Paris"}
    assert "".join(choice.delta.content or "" for chunk in answered for choice in chunk.choices) == "".join(WORDS)
    assert [part["tool_use_id"] for part in anthropic.asked[-1]["messages"][-1]["content"]] == [call["id"]]


def test_the_official_client_sends_an_image_that_anthropic_gets(
    litellm: RealServer, anthropic: AnthropicMessages
) -> None:
    content: Any = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    with openai.OpenAI(base_url=litellm.base_url, api_key=TOKEN, max_retries=0) as client:
        seen = list(
            client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": content}], stream=True, max_tokens=64
            )
        )

    assert "".join(choice.delta.content or "" for chunk in seen for choice in chunk.choices) == "".join(WORDS)
    (source,) = (part["source"] for part in anthropic.asked[-1]["messages"][0]["content"] if part["type"] == "image")
    assert source == {"type": "base64", "media_type": "image/png", "data": PIXEL.partition(",")[2]}


@pytest.mark.parametrize(("status", "kind", "seen"), [(429, "rate_limit_error", 429), (529, "overloaded_error", 500)])
def test_an_error_of_anthropic_keeps_its_status_except_529(
    litellm: RealServer, anthropic: AnthropicMessages, status: int, kind: str, seen: int
) -> None:
    anthropic.refusal = (status, kind, "Try again later")
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}

    answer = requests.post(
        f"{litellm.base_url}/chat/completions", json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )

    assert answer.status_code == seen


def test_an_answer_without_a_limit_of_its_own_has_the_declared_one(
    litellm: RealServer, anthropic: AnthropicMessages
) -> None:
    for limit in ({}, {"max_tokens": 20}):
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], **limit}
        requests.post(
            f"{litellm.base_url}/chat/completions", json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
        ).raise_for_status()

    assert [body["max_tokens"] for body in anthropic.asked[-2:]] == [MAX_TOKENS, 20]


def test_what_anthropic_has_no_word_for_is_left_out(litellm: RealServer, anthropic: AnthropicMessages) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "seed": 1, "presence_penalty": 0.5}

    answer = requests.post(
        f"{litellm.base_url}/chat/completions", json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )

    assert answer.ok
    assert {"seed", "presence_penalty"} & anthropic.asked[-1].keys() == set()


@pytest.mark.parametrize("token", ["sk-somebody-else", None])
def test_nobody_else_is_let_in(litellm: RealServer, anthropic: AnthropicMessages, token: str | None) -> None:
    before = len(anthropic.asked)

    told = refusal(litellm, NotReady, token=token)

    assert len(anthropic.asked) == before, told


def test_its_pages_of_documentation_are_gone_and_its_user_interface_lets_nobody_log_in(litellm: RealServer) -> None:
    pages = {path: requests.get(litellm.root_url + path, timeout=10) for path in ("/docs", "/redoc", LOGIN)}

    assert [pages["/docs"].status_code, pages["/redoc"].status_code] == [404, 404]
    assert "Admin UI is Disabled" in pages[LOGIN].text


def test_another_model_than_the_declared_one_is_refused_with_the_one_it_serves(litellm: RealServer) -> None:
    told = refusal(litellm, model="claude-opus-4-1")

    assert "Invalid model name passed in model=claude-opus-4-1" in told
    assert f"it serves {MODEL}" in told


def test_a_key_that_anthropic_refuses_is_told_from_the_token_of_the_proxy(
    litellm: RealServer, anthropic: AnthropicMessages
) -> None:
    anthropic.key = "sk-ant-rotated"

    told = refusal(litellm, name="support")

    assert "invalid x-api-key" in told
    assert "`pulumi config set --secret --path providerKeys.support`" in told
    assert "llmTokens" not in told


def test_an_account_without_credit_is_told_and_asked_once(litellm: RealServer, anthropic: AnthropicMessages) -> None:
    anthropic.refusal = NO_CREDIT
    before = len(anthropic.asked)

    told = refusal(litellm)

    assert "Your credit balance is too low" in told
    assert "Add credit" in told
    assert len(anthropic.asked) == before + 1


def test_its_log_tells_of_a_failure_without_key_token_or_prompt(
    litellm: RealServer, anthropic: AnthropicMessages
) -> None:
    anthropic.refusal = NO_CREDIT
    body = {"model": MODEL, "messages": [{"role": "user", "content": "canary-prompt"}]}

    requests.post(
        f"{litellm.base_url}/chat/completions", json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )

    assert "credit balance is too low" in litellm.log()
    assert [canary for canary in (KEY, TOKEN, "canary-prompt") if canary in litellm.log()] == []

"""OpenAI's own client through a real LiteLLM: what TruGen sends, and how it comes out on the other side."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.fixtures.real_servers import LITELLM_KEY, MODEL, real_litellm, real_llama_cpp
from tests.fixtures.scripted_llm import DONE, ROLE, ScriptedLlm, chunk, stream
from tests.fixtures.scripted_socket import Asked, Connection

pytestmark = pytest.mark.docker

CAPABLE = "capable"
"""A model of the proxy whose upstream is scripted: SmolLM2 calls no tools and sees nothing."""
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def _call(**fields: Any) -> bytes:
    piece = {"index": 0, **fields}
    return chunk(choices=[{"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}])


# The pieces of a call as OpenAI's API reference shows them: id and name first, then the arguments bit by bit.
CALLING = stream(
    ROLE,
    _call(id="call_1", type="function", function={"name": "get_weather", "arguments": ""}),
    _call(function={"arguments": '{"city": '}),
    _call(function={"arguments": '"Oslo"}'}),
    chunk(finish="tool_calls"),
    DONE,
)
ANSWERING = stream(ROLE, chunk("Snow"), chunk(" in Oslo."), chunk(finish="stop"), DONE)
SEEING = stream(ROLE, chunk("One"), chunk(" red pixel."), chunk(finish="stop"), DONE)


def _capable(connection: Connection, asked: Asked) -> None:
    body = asked.json()
    if body["messages"][-1]["role"] == "tool":
        ANSWERING(connection, asked)
    elif "tools" in body:
        CALLING(connection, asked)
    else:
        SEEING(connection, asked)


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedLlm]:
    with ScriptedLlm([_capable]) as llm:
        yield llm


@pytest.fixture(scope="module")
def client(upstream: ScriptedLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    with (
        real_llama_cpp() as llama_cpp,
        real_litellm(
            {MODEL: llama_cpp.base_url, CAPABLE: upstream.base_url}, tmp_path_factory.mktemp("litellm")
        ) as proxy,
        openai.OpenAI(base_url=proxy.base_url, api_key=LITELLM_KEY, max_retries=0) as client,
    ):
        yield client


def streamed(client: openai.OpenAI, **request: Any) -> list[Any]:
    with client.chat.completions.create(stream=True, max_tokens=24, **request) as answer:
        return list(answer)


def deltas(chunks: list[Any]) -> list[Any]:
    return [choice.delta for chunk in chunks for choice in chunk.choices]


def text(chunks: list[Any]) -> str:
    return "".join(delta.content or "" for delta in deltas(chunks))


def test_it_streams_a_chat_from_llama_cpp(client: openai.OpenAI) -> None:
    chunks = streamed(
        client,
        model=MODEL,
        messages=[{"role": "user", "content": "Say hello."}],
        stream_options={"include_usage": True},
    )

    assert len([delta for delta in deltas(chunks) if delta.content]) > 1
    assert text(chunks).strip()
    assert [chunk.usage.completion_tokens > 0 for chunk in chunks if chunk.usage] == [True]


def test_a_tool_call_comes_out_in_pieces_that_join_to_its_arguments(client: openai.OpenAI) -> None:
    chunks = streamed(client, model=CAPABLE, messages=[{"role": "user", "content": "Weather?"}], tools=[WEATHER])

    pieces = [piece for delta in deltas(chunks) for piece in delta.tool_calls or ()]
    assert {0} == {piece.index for piece in pieces}
    assert ("call_1", "get_weather") == (pieces[0].id, pieces[0].function.name)
    assert {"city": "Oslo"} == json.loads("".join(piece.function.arguments or "" for piece in pieces))
    assert ["tool_calls"] == [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason]


def test_a_tool_result_reaches_the_model_with_the_call_that_it_answers(
    client: openai.OpenAI, upstream: ScriptedLlm
) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
    question = {"role": "user", "content": "Weather?"}
    asking = {"role": "assistant", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "snow"}

    turns = [question, {**asking, "content": None}, result]
    chunks = streamed(client, model=CAPABLE, messages=turns, tools=[WEATHER])

    assert "Snow in Oslo." == text(chunks)
    sent = upstream.chats()[-1].json()
    assert [question, asking, result] == sent["messages"], "LiteLLM leaves out `content` when it is null"
    assert [WEATHER] == sent["tools"]


def test_an_image_reaches_the_model_as_it_was_sent(client: openai.OpenAI, upstream: ScriptedLlm) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]

    chunks = streamed(client, model=CAPABLE, messages=[{"role": "user", "content": content}])

    assert "One red pixel." == text(chunks)
    assert content == upstream.chats()[-1].json()["messages"][0]["content"]

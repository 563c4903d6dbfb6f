"""OpenAI's own client through a real LiteLLM: what TruGen sends, and how it comes out on the other side."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.fixtures.real_servers import LITELLM_KEY, MODEL, RealServer
from tests.fixtures.scripted_llm import ScriptedLlm

pytestmark = pytest.mark.docker

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


@pytest.fixture(scope="module")
def client(litellm: RealServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=litellm.base_url, api_key=LITELLM_KEY, max_retries=0) as client:
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
    chunks = streamed(client, model="capable", messages=[{"role": "user", "content": "Weather?"}], tools=[WEATHER])

    pieces = [piece for delta in deltas(chunks) for piece in delta.tool_calls or ()]
    assert {0} == {piece.index for piece in pieces}
    assert ("call_1", "get_weather") == (pieces[0].id, pieces[0].function.name)
    assert {"city": "Paris"} == json.loads("".join(piece.function.arguments or "" for piece in pieces))
    assert ["tool_calls"] == [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason]


def test_a_tool_result_reaches_the_model_with_the_call_that_it_answers(
    client: openai.OpenAI, capable: ScriptedLlm
) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    question = {"role": "user", "content": "Weather?"}
    asking = {"role": "assistant", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}

    turns = [question, {**asking, "content": None}, result]
    chunks = streamed(client, model="capable", messages=turns, tools=[WEATHER])

    assert "It is sunny in Paris." == text(chunks)
    sent = capable.chats()[-1].json()
    assert [question, asking, result] == sent["messages"], "LiteLLM leaves out `content` when it is null"
    assert [WEATHER] == sent["tools"]


def test_an_image_reaches_the_model_as_it_was_sent(client: openai.OpenAI, capable: ScriptedLlm) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]

    chunks = streamed(client, model="capable", messages=[{"role": "user", "content": content}])

    assert "Red." == text(chunks)
    assert content == capable.chats()[-1].json()["messages"][0]["content"]

"""The chat completions a probe asks for, with the fields TruGen sends (its byo-llm guide). Pure."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from components.llm.gate.tool_calls import ToolCall

Body = Mapping[str, Any]

ONE_TOKEN = 1
# A model that thinks before it calls or answers spends most of it there; more would not fit into small windows.
WORKING_TOKENS = 512
# Long enough to see text arrive piece by piece, short enough for an engine that makes two tokens a second.
_COUNT = "Count from one to twelve in words."
# Sentences, since a small model has nothing to say to a list of words; never a real prompt, which would be logged.
_FILLER = (
    "You are a friendly assistant who answers the phone of a small company. Keep every answer short and polite. "
    "Ask one question at a time, and never guess what you do not know. "
)
WEATHER_TOOL: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Name of the city"}},
            "required": ["city"],
        },
    },
}
_ASK_WEATHER = {"role": "user", "content": "What is the weather in Paris right now? Use the tool get_weather."}
_WEATHER = json.dumps({"city": "Paris", "temperature_celsius": 21, "sky": "sunny"})


def counting(model: str, *, max_tokens: int, system_prompt_bytes: int = 0) -> Body:
    """A short answer, behind a system prompt of that length when there is one."""
    system = [{"role": "system", "content": filler(system_prompt_bytes)}] if system_prompt_bytes else []
    return _streamed(model, [*system, {"role": "user", "content": _COUNT}], max_tokens)


def filler(size_bytes: int) -> str:
    """Plain English of exactly *size_bytes*."""
    return (_FILLER * (size_bytes // len(_FILLER) + 1))[:size_bytes]


def in_parts(model: str) -> Body:
    """The text as a list of content parts, as clients write it that also send images."""
    content = [{"type": "text", "text": "Say hello."}]
    return _streamed(model, [{"role": "user", "content": content}], ONE_TOKEN)


def with_tool(model: str) -> Body:
    """A question that only the tool can answer; no `tool_choice`, so the model decides as it will in a talk."""
    return {**_streamed(model, [_ASK_WEATHER], WORKING_TOKENS), "tools": [WEATHER_TOOL]}


def with_tool_result(model: str, calls: Sequence[ToolCall]) -> Body:
    """The turn after *calls*: what the tool gave, for the model to put into words."""
    asked = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    results = [{"role": "tool", "tool_call_id": call.id, "content": _WEATHER} for call in calls]
    called = {"role": "assistant", "content": None, "tool_calls": asked}
    turns: list[Mapping[str, Any]] = [_ASK_WEATHER, called, *results]
    return {**_streamed(model, turns, WORKING_TOKENS), "tools": [WEATHER_TOOL]}


def with_image(model: str) -> Body:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_red_square()}", "detail": "low"}}
    text = {"type": "text", "text": "What colour is this square? Answer with one word."}
    return _streamed(model, [{"role": "user", "content": [text, image]}], WORKING_TOKENS)


def without_messages(model: str) -> Body:
    """No valid request; one token at most, should the server take it."""
    return {"model": model, "max_tokens": ONE_TOKEN}


def unstreamed(body: Body) -> Body:
    """The same, answered by one JSON object."""
    return {key: value for key, value in body.items() if key != "stream_options"} | {"stream": False}


def _streamed(model: str, messages: Sequence[Mapping[str, Any]], max_tokens: int) -> Body:
    return {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": max_tokens,
    }


_SIDE_PIXELS = 32  # encoders of some models refuse smaller ones


def _red_square() -> str:
    """A PNG by its specification (W3C, third edition): header, one compressed block of rows, end; in base64."""
    row = b"\x00" + b"\xff\x00\x00" * _SIDE_PIXELS
    header = struct.pack(">IIBBBBB", _SIDE_PIXELS, _SIDE_PIXELS, 8, 2, 0, 0, 0)
    blocks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * _SIDE_PIXELS)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_png_block(kind, data) for kind, data in blocks)
    return base64.b64encode(png).decode()


def _png_block(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

"""
The checks of a streamed tool call, O16, and of the answer to its result, O17. Pure.

Sources: OpenAI API reference "chat.completion.chunk", `choices[].delta.tool_calls`. What each engine is known to do
differently, and may, stands beside the check.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.llm.gate.checks import SAMPLE_CHARS, Check
from components.llm.gate.recording import Recording

_KNOWN_SIGNS = ("<tool_call", "<function", "[TOOL_CALLS]", "<|python_tag|>", '"name"', "get_weather(")


@dataclass(frozen=True)
class ToolCall:
    """One complete call; `arguments` is JSON text, as it goes back to the model."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Judgement:
    """`again`: the model chose badly, which it may not do next time; the server did nothing wrong."""

    check: Check
    calls: tuple[ToolCall, ...] = ()
    again: bool = False


class _Malformed(Exception):
    """The server's fault: pieces that no client can put together."""


class _Misused(Exception):
    """The model's fault: a well-formed call that is not what was asked for."""


def judge_tool_call(recording: Recording, tool: Mapping[str, Any]) -> Judgement:
    """Whether *recording* calls *tool*, the one it was offered, in pieces as OpenAI sends them."""
    try:
        calls, oddities = _assembled(recording)
        if not calls:
            return Judgement(Check("O16", "fail", _instead(recording)), again=True)
        for call in calls:
            _require_use_of(tool["function"], call, recording)
    except _Malformed as fault:
        return Judgement(Check("O16", "fail", str(fault)))
    except _Misused as fault:
        return Judgement(Check("O16", "fail", str(fault)), again=True)
    shown = ", ".join(f"{call.name}({call.arguments})" for call in calls)
    # Some servers end a turn of calls as they end one of text.
    oddities += [f"finish_reason {reason!r}" for reason in recording.finish_reasons if reason != "tool_calls"]
    told = "; ".join([_sample(shown), *oddities])
    return Judgement(Check("O16", "warn" if oddities else "pass", told), tuple(calls))


def judge_tool_answer(recording: Recording) -> Judgement:
    if recording.text.strip():
        return Judgement(Check("O17", "pass", _sample(recording.text)))
    calls = any(delta.get("tool_calls") for delta in recording.deltas)
    did = "called the tool again instead of answering" if calls else "answered nothing"
    return Judgement(Check("O17", "fail", f"after the tool's result it {did}"), again=True)


def _instead(recording: Recording) -> str:
    if any(delta.get("function_call") for delta in recording.deltas):
        return "the call came as `function_call`, which OpenAI replaced by `tool_calls`"
    if any(sign in recording.text for sign in _KNOWN_SIGNS):
        return f"answered with text instead of calling the tool, and the text is a call: {_sample(recording.text)}"
    if recording.text.strip():
        cut = ", up to the token limit" if "length" in recording.finish_reasons else ""
        return f"answered with text instead of calling the tool{cut}: {_sample(recording.text)}"
    return "neither called the tool nor answered"


def _assembled(recording: Recording) -> tuple[list[ToolCall], list[str]]:
    """All calls, in order of their index, and what was odd about them though clients cope with it."""
    drafts: dict[int, _Draft] = {}
    for delta in recording.deltas:
        pieces = delta.get("tool_calls") or []
        if not isinstance(pieces, list):
            # TGI 2.4 (huggingface/text-generation-inference#2794).
            raise _Malformed("delta.tool_calls is no list")
        for piece in pieces:
            _add(drafts, piece)
    calls = [drafts[index].call() for index in sorted(drafts)]
    return calls, sorted({oddity for draft in drafts.values() for oddity in draft.oddities})


def _add(drafts: "dict[int, _Draft]", piece: Any) -> None:
    if not isinstance(piece, dict) or not isinstance(function := piece.get("function", {}), dict):
        raise _Malformed("a piece of a tool call is no object")
    index = piece.get("index")
    if not isinstance(index, int) or isinstance(index, bool):
        raise _Malformed("a piece of a tool call has no index")
    draft = drafts.get(index)
    if draft is None:
        draft = drafts[index] = _Draft.begun(index, piece, function)
    else:
        draft.check_repeated(index, piece, function)
    arguments = function.get("arguments")
    if not isinstance(arguments, str | None):
        raise _Malformed(f"the arguments of tool call {index} are a JSON {type(arguments).__name__}, not text")
    # Ollama and others send them whole.
    draft.arguments += arguments or ""


@dataclass
class _Draft:
    id: str
    name: str
    oddities: set[str]
    arguments: str = ""

    @classmethod
    def begun(cls, index: int, piece: Mapping[str, Any], function: Mapping[str, Any]) -> "_Draft":
        id_, name, kind = piece.get("id"), function.get("name"), piece.get("type")
        # TGI 1.4 counted tokens instead of calls (its issue 1648): then the second piece looks like a new call.
        for what, value in (("id", id_), ("name", name)):
            if not isinstance(value, str) or not value:
                raise _Malformed(f"the first piece of tool call {index} has no {what}")
        if kind not in (None, "function"):
            raise _Malformed(f"tool call {index} is of type {str(kind)[:40]!r}, not 'function'")
        return cls(str(id_), str(name), {"no type"} if kind is None else set())

    def check_repeated(self, index: int, piece: Mapping[str, Any], function: Mapping[str, Any]) -> None:
        if piece.get("id") not in (None, "", self.id):
            # LiteLLM's ollama_chat numbers all parallel calls 0 (BerriAI/litellm#37792).
            raise _Malformed(f"two tool calls share index {index}")
        if function.get("name"):
            # Clients that append every text field make it a name of twice the length.
            self.oddities.add("the name is repeated")

    def call(self) -> ToolCall:
        return ToolCall(self.id, self.name, self.arguments)


def _require_use_of(function: Mapping[str, Any], call: ToolCall, recording: Recording) -> None:
    if call.name != function["name"]:
        raise _Misused(f"called {call.name[:40]!r}, which was not offered")
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        cut = ", cut by the token limit" if "length" in recording.finish_reasons else ""
        raise _Misused(f"the arguments are not JSON{cut}: {_sample(call.arguments)}") from None
    for name in function["parameters"]["required"]:
        if not isinstance(arguments, dict) or not isinstance(arguments.get(name), str):
            raise _Misused(f"the arguments lack {name!r} as text: {_sample(call.arguments)}")


def _sample(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SAMPLE_CHARS else f"{line[: SAMPLE_CHARS - 1]}…"

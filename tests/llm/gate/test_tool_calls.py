from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.llm.gate.chat_requests import WEATHER_TOOL
from components.llm.gate.tool_calls import Judgement, ToolCall, judge_tool_answer, judge_tool_call
from tests.fixtures.recordings import DONE, chunk, delta, recording

PARIS = '{"city": "Paris"}'
FIRST = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
CALLED = [ToolCall("call_1", "get_weather", PARIS)]


def first(**others: Any) -> dict[str, Any]:
    return {**FIRST, **others}


def more(arguments: Any, **others: Any) -> dict[str, Any]:
    return {"index": 0, "function": {"arguments": arguments}, **others}


def whole(name: Any = "get_weather", arguments: Any = PARIS, **others: Any) -> dict[str, Any]:
    return first(function={"name": name, "arguments": arguments}, **others)


def judged(*pieces: Any, finish: str = "tool_calls", text: str | None = None) -> Judgement:
    said = [] if text is None else [delta(text)]
    deltas = [delta(tool_calls=[piece]) for piece in pieces]
    return judge_tool_call(recording([*said, *deltas, delta(finish=finish), DONE]), WEATHER_TOOL)


def test_a_call_in_pieces_as_openai_sends_it_passes_and_can_be_answered() -> None:
    judgement = judged(FIRST, more('{"city":'), more(' "Paris"}'))

    assert ("O16", "pass", 'get_weather({"city": "Paris"})') == (
        judgement.check.id,
        judgement.check.verdict,
        judgement.check.detail,
    )
    assert CALLED == list(judgement.calls)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([whole()], id="whole arguments in one delta, as Ollama sends them"),
        pytest.param([first(id="0"), more(PARIS)], id="small numbers for ids, as TGI sends them"),
        pytest.param([FIRST, more(PARIS, id="call_1")], id="the id on every piece"),
        pytest.param([FIRST, more(PARIS, id=None, type=None)], id="null for what was sent before"),
        pytest.param([FIRST, more(PARIS, id="")], id="an empty id on later pieces"),
        pytest.param([first(function={"name": "get_weather"}), more(PARIS)], id="no arguments on the first piece"),
        pytest.param([first(function={"name": "get_weather", "arguments": None}), more(PARIS)], id="null for them"),
        pytest.param([FIRST, more(PARIS), more("")], id="an empty last piece"),
        pytest.param([FIRST, more('{"city": "Paris", "unit": "C"}')], id="an argument more"),
        pytest.param([whole(), whole(id="call_2", index=1)], id="two calls at once"),
    ],
)
def test_legal_variants_of_a_call_pass(pieces: list[Any]) -> None:
    assert "pass" == judged(*pieces).check.verdict


def test_text_before_a_call_and_a_repeated_role_are_legal() -> None:
    events = [
        delta("Let me look.", role="assistant"),
        delta(role="assistant", tool_calls=[whole()]),
        delta("", "tool_calls", role="assistant"),
    ]

    assert "pass" == judge_tool_call(recording([*events, DONE]), WEATHER_TOOL).check.verdict


def test_several_pieces_in_one_delta_and_finish_on_the_last_piece_pass() -> None:
    events = [delta(tool_calls=[FIRST, more(PARIS)], finish="tool_calls"), chunk([]), DONE]

    assert CALLED == list(judge_tool_call(recording(events), WEATHER_TOOL).calls)


@pytest.mark.parametrize(
    ("pieces", "finish", "oddity"),
    [
        ([whole()], "stop", "finish_reason 'stop'"),
        ([whole()], "function_call", "finish_reason 'function_call'"),
        ([{key: value for key, value in whole().items() if key != "type"}], "tool_calls", "no type"),
        ([FIRST, {"index": 0, "function": {"name": "get_weather", "arguments": PARIS}}], "tool_calls", "name is rep"),
    ],
)
def test_what_clients_cope_with_is_a_warning(pieces: list[Any], finish: str, oddity: str) -> None:
    judgement = judged(*pieces, finish=finish)

    assert "warn" == judgement.check.verdict
    assert oddity in judgement.check.detail
    assert judgement.calls


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        pytest.param([first(index=None)], "a piece of a tool call has no index", id="no index"),
        pytest.param([first(index=True)], "a piece of a tool call has no index", id="index true"),
        pytest.param([first(id=None)], "the first piece of tool call 0 has no id", id="no id"),
        pytest.param([first(id="")], "the first piece of tool call 0 has no id", id="empty id"),
        pytest.param([whole(name=None)], "the first piece of tool call 0 has no name", id="no name"),
        pytest.param([first(type="code")], "tool call 0 is of type 'code', not 'function'", id="another type"),
        pytest.param([whole(arguments={"city": "Paris"})], "of tool call 0 are a JSON dict, not text", id="object"),
        pytest.param([whole(), whole(id="call_2")], "two tool calls share index 0", id="parallel calls all 0"),
        pytest.param([FIRST, more(PARIS, index=7)], "the first piece of tool call 7 has no id", id="tokens counted"),
        pytest.param(["get_weather"], "a piece of a tool call is no object", id="text for a piece"),
        pytest.param([first(function="get_weather")], "a piece of a tool call is no object", id="text for function"),
    ],
)
def test_pieces_that_no_client_can_put_together_are_the_servers_fault(pieces: list[Any], told: str) -> None:
    judgement = judged(*pieces)

    assert ("fail", False) == (judgement.check.verdict, judgement.again)
    assert told in judgement.check.detail


def test_calls_that_are_no_list_are_the_servers_fault() -> None:
    events = [delta(tool_calls=whole()), delta(finish="tool_calls"), DONE]

    judgement = judge_tool_call(recording(events), WEATHER_TOOL)

    assert ("fail", "delta.tool_calls is no list", False) == (
        judgement.check.verdict,
        judgement.check.detail,
        judgement.again,
    )


@pytest.mark.parametrize(
    ("pieces", "finish", "told"),
    [
        ([whole(name="get_time")], "tool_calls", "called 'get_time', which was not offered"),
        ([whole(arguments='{"city": ')], "tool_calls", 'the arguments are not JSON: {"city":'),
        ([whole(arguments='{"city": ')], "length", "the arguments are not JSON, cut by the token limit"),
        ([whole(arguments="")], "tool_calls", "the arguments are not JSON"),
        ([whole(arguments="[" * 100_000)], "tool_calls", "the arguments are not JSON"),
        ([whole(arguments='{"town": "Paris"}')], "tool_calls", "the arguments lack 'city' as text"),
        ([whole(arguments='{"city": 1}')], "tool_calls", "the arguments lack 'city' as text"),
        ([whole(arguments='"Paris"')], "tool_calls", "the arguments lack 'city' as text"),
    ],
)
def test_a_call_the_model_got_wrong_may_be_right_the_next_time(pieces: list[Any], finish: str, told: str) -> None:
    judgement = judged(*pieces, finish=finish)

    assert ("fail", True) == (judgement.check.verdict, judgement.again)
    assert told in judgement.check.detail


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is sunny.", "answered with text instead of calling the tool: It is sunny."),
        ('<tool_call>{"name": "get_weather"}</tool_call>', "and the text is a call: <tool_call>"),
        ("", "neither called the tool nor answered"),
    ],
)
def test_text_in_place_of_a_call_fails_and_a_call_written_as_text_is_named(text: str, told: str) -> None:
    judgement = judged(text=text, finish="stop")

    assert ("fail", True) == (judgement.check.verdict, judgement.again)
    assert told in judgement.check.detail


def test_a_model_that_thinks_up_to_the_limit_is_told_so() -> None:
    events = [delta(reasoning="The user wants…"), delta(finish="length"), DONE]

    told = judge_tool_call(recording(events), WEATHER_TOOL).check.detail

    assert "answered with text instead of calling the tool, up to the token limit: The user wants…" == told


@given(
    cuts=st.lists(st.integers(0, len(PARIS)), max_size=6),
    calls=st.integers(1, 3),
    repeats_id=st.booleans(),
    interleaved=st.booleans(),
)
def test_arguments_may_be_cut_anywhere(*, cuts: list[int], calls: int, repeats_id: bool, interleaved: bool) -> None:
    ends = sorted({0, *cuts, len(PARIS)})
    parts = [PARIS[start:end] for start, end in pairwise(ends)]
    again = {"id": "call_{}"} if repeats_id else {}
    streams = [
        [first(index=index, id=f"call_{index}")]
        + [more(part, index=index, **{key: value.format(index) for key, value in again.items()}) for part in parts]
        for index in range(calls)
    ]
    rows = zip(*streams, strict=True) if interleaved else streams

    judgement = judged(*(one for row in rows for one in row))

    assert "pass" == judgement.check.verdict
    assert [ToolCall(f"call_{index}", "get_weather", PARIS) for index in range(calls)] == list(judgement.calls)


def test_the_call_of_an_older_api_is_named() -> None:
    events = [delta(function_call={"name": "get_weather", "arguments": PARIS}), delta(finish="function_call"), DONE]

    assert "`function_call`" in judge_tool_call(recording(events), WEATHER_TOOL).check.detail


@pytest.mark.parametrize("answer", [{"content": "It is sunny."}, {"reasoning": "hm"}])
def test_words_after_the_result_pass(answer: dict[str, str]) -> None:
    judgement = judge_tool_answer(recording([delta(**answer), delta(finish="stop"), DONE]))

    assert ("O17", "pass") == (judgement.check.id, judgement.check.verdict)


@pytest.mark.parametrize(
    ("events", "did"),
    [([delta(tool_calls=[whole()])], "called the tool again instead of answering"), ([], "answered nothing")],
)
def test_no_words_after_the_result_fail(events: list[Any], did: str) -> None:
    judgement = judge_tool_answer(recording([*events, delta(finish="stop"), DONE]))

    assert ("fail", f"after the tool's result it {did}", True) == (
        judgement.check.verdict,
        judgement.check.detail,
        judgement.again,
    )

"""Phases `tools` and `vision`: what an agent with tools or images needs of its model."""

from typing import Any

import pytest

from components.llm.gate.failure import CannotServe, KeepsFailing, NotReady
from components.llm.gate.needs import Needs
from tests.fixtures.conforming import (
    SUNNY,
    TOOL_CALL,
    Kind,
    conforming,
    error,
    in_turn,
    of_kind,
    piece,
    tool_delta,
)
from tests.fixtures.scripted_llm import (
    DONE,
    MODEL,
    ROLE,
    ScriptedLlm,
    answer,
    chunk,
    event,
    ollama_routes,
    refuse,
    reset,
    stream,
)
from tests.fixtures.scripted_socket import Act
from tests.fixtures.waiting import TOKEN, Waiting, verdicts

TOOLS, VISION = Needs(tools=True), Needs(vision=True)
CALL, TEXT = stream(*TOOL_CALL), stream(*SUNNY)
PARSER_UNSET = error(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set')


def asked(llm: ScriptedLlm, kind: Kind) -> int:
    return len(of_kind(kind, llm.chats(), token=TOKEN))


def refused(waiting: Waiting, needs: Needs, act: Act, *, routes: Any = None, **target: Any) -> NotReady:
    with ScriptedLlm([act], routes=routes) as llm, pytest.raises(NotReady) as caught:
        waiting.until_ready(llm, needs=needs, **target)
    return caught.value


def test_a_model_that_calls_and_answers_passes(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        evidence = waiting.until_ready(llm, needs=TOOLS)

    assert ("pass", "pass") == (verdicts(evidence)["O16"], verdicts(evidence)["O17"])
    assert "tools (0 s)" in waiting.progress


def test_the_result_goes_back_under_the_id_of_the_call(waiting: Waiting) -> None:
    named = stream(
        ROLE,
        tool_delta(piece('{"city": "Paris"}', name="get_weather", id_="call_77")),
        chunk(finish="tool_calls"),
        DONE,
    )
    with ScriptedLlm([conforming(TOKEN, tool_call=named)]) as llm:
        waiting.until_ready(llm, needs=TOOLS)

    _, called, result = of_kind("tool_result", llm.chats(), token=TOKEN)[0].json()["messages"]
    assert (None, "call_77", "call_77") == (called["content"], called["tool_calls"][0]["id"], result["tool_call_id"])


def test_tools_and_images_are_not_tried_when_no_agent_needs_them(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        evidence = waiting.until_ready(llm)

    assert (0, 0) == (asked(llm, "tool_call"), asked(llm, "image"))
    assert not {"O16", "O17", "O18"} & verdicts(evidence).keys()


def test_a_weak_model_has_three_tries_to_call(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN, tool_call=in_turn(TEXT, TEXT, CALL))]) as llm:
        assert "pass" == verdicts(waiting.until_ready(llm, needs=TOOLS))["O16"]

    assert 3 == asked(llm, "tool_call")


def test_a_model_that_would_call_at_the_fourth_try_is_refused(waiting: Waiting) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_call=in_turn(TEXT, TEXT, TEXT, CALL)))

    assert "O16" == told.checks[-1].id


@pytest.mark.parametrize(
    ("engine", "next_step"),
    [
        ("vllm", "`pulumi config set --path llms.smol.toolCallParser <parser>`."),
        ("sglang", "`pulumi config set --path llms.smol.toolCallParser <parser>`."),
        (
            "ollama",
            "as https://ollama.com/search?c=tools lists them: `pulumi config set --path llms.smol.model <name>`.",
        ),
        ("other", "Choose a model that can call tools: `pulumi config set --path llms.smol.model <name>`."),
    ],
)
def test_a_model_that_only_talks_is_refused_with_what_to_do_for_its_engine(
    waiting: Waiting, engine: str, next_step: str
) -> None:
    told = refused(
        waiting, TOOLS, conforming(TOKEN, tool_call=TEXT), engine=engine, routes={"/api/show": refuse(404, "hidden")}
    )

    assert CannotServe is type(told)
    assert ("O16", "answered with text instead of calling the tool: It is sunny in Paris.") == (
        told.checks[-1].id,
        told.checks[-1].detail,
    )
    assert str(told).endswith(next_step)


@pytest.mark.parametrize("engine", ["hosted", "litellm"])
def test_one_that_charges_is_asked_once(waiting: Waiting, engine: str) -> None:
    with ScriptedLlm([conforming(TOKEN, tool_call=TEXT)]) as llm, pytest.raises(CannotServe):
        waiting.until_ready(llm, needs=TOOLS, engine=engine)

    assert 1 == asked(llm, "tool_call")


def test_pieces_that_no_client_can_put_together_are_not_asked_for_again(waiting: Waiting) -> None:
    broken = stream(ROLE, tool_delta(piece("{}", name="get_weather", index=None)), chunk(finish="tool_calls"), DONE)
    with ScriptedLlm([conforming(TOKEN, tool_call=broken)]) as llm, pytest.raises(CannotServe, match="has no index"):
        waiting.until_ready(llm, needs=TOOLS)

    assert 1 == asked(llm, "tool_call")


def test_a_vllm_without_a_parser_says_what_to_set(waiting: Waiting) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_call=PARSER_UNSET), engine="vllm")

    assert ("O16", "fail") == (told.checks[-1].id, told.checks[-1].verdict)
    assert "requires --enable-auto-tool-choice" in str(told)
    assert str(told).endswith("`pulumi config set --path llms.smol.toolCallParser <parser>`.")


def test_an_ollama_model_without_tools_is_refused_before_it_is_loaded(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)], routes=ollama_routes(MODEL)) as llm, pytest.raises(CannotServe) as caught:
        waiting.until_ready(llm, needs=TOOLS, engine="ollama")

    assert [] == llm.chats()
    assert f"the server says that {MODEL} lacks `tools`, which an agent needs" in str(caught.value)
    assert "https://ollama.com/search?c=tools" in str(caught.value).splitlines()[-1]


def test_a_stream_of_a_call_that_breaks_is_tried_again_and_then_refused(waiting: Waiting) -> None:
    cut = stream(*TOOL_CALL[:3])
    with ScriptedLlm([conforming(TOKEN, tool_call=in_turn(cut, cut, CALL))]) as llm:
        assert "pass" == verdicts(waiting.until_ready(llm, needs=TOOLS))["O16"]

    told = refused(waiting, TOOLS, conforming(TOKEN, tool_call=cut))

    assert KeepsFailing is type(told)
    assert ("O16", "C7: the stream ended before finish_reason") == (told.checks[-1].id, told.checks[-1].detail)


def test_an_engine_that_crashes_on_tools_is_no_engine_that_starts(waiting: Waiting) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_call=reset))

    assert KeepsFailing is type(told)
    assert waiting.clock() < 10


def test_an_error_inside_the_stream_of_a_call_fails_the_call(waiting: Waiting) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_call=stream(event({"error": "grammar failed"}), DONE)))

    assert ("O16", "an error inside the stream: grammar failed") == (told.checks[-1].id, told.checks[-1].detail)


@pytest.mark.parametrize(
    ("result", "kind", "detail"),
    [
        (CALL, CannotServe, "after the tool's result it called the tool again instead of answering"),
        (stream(ROLE, chunk(finish="stop"), DONE), CannotServe, "after the tool's result it answered nothing"),
        (error(400, "unknown role tool"), CannotServe, "HTTP 400 unknown role tool"),
        (refuse(500, "template failed"), KeepsFailing, "HTTP 500 template failed (failed 3 times)"),
    ],
)
def test_a_model_that_cannot_go_on_from_a_result_is_refused(
    waiting: Waiting, result: Act, kind: type[NotReady], detail: str
) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_result=result))

    assert kind is type(told)
    assert ("O17", "fail") == (told.checks[-1].id, told.checks[-1].verdict)
    assert detail in str(told)


def test_a_template_without_tools_points_at_the_template(waiting: Waiting) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_result=CALL))

    assert str(told).endswith("or choose a model that has one: `pulumi config set --path llms.smol.model <name>`.")
    assert "Give a chat template that knows the role `tool`" in str(told).splitlines()[-1]


def test_a_token_that_a_model_repeats_in_a_call_is_not_shown(waiting: Waiting) -> None:
    told = refused(waiting, TOOLS, conforming(TOKEN, tool_call=stream(ROLE, chunk(TOKEN), chunk(finish="stop"), DONE)))

    assert TOKEN not in str(told)
    assert TOKEN not in repr(told.checks)


def test_a_model_that_reads_an_image_passes(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        evidence = waiting.until_ready(llm, needs=VISION)

    assert [("pass", "Red.")] == [(check.verdict, check.detail) for check in evidence.checks if check.id == "O18"]
    assert "vision (0 s)" in waiting.progress


def test_llama_cpp_without_a_projector_is_given_up_at_once_though_it_answers_500(waiting: Waiting) -> None:
    no_image = refuse(500, "image input is not supported - hint: you may need to provide the mmproj")
    with ScriptedLlm([conforming(TOKEN, image=no_image)]) as llm, pytest.raises(CannotServe) as caught:
        waiting.until_ready(llm, needs=VISION)

    assert 1 == asked(llm, "image")
    assert "O18" == caught.value.checks[-1].id
    assert str(caught.value).endswith(
        "Choose a model that reads images: `pulumi config set --path llms.smol.model <name>`."
    )


@pytest.mark.parametrize(
    ("engine", "routes"),
    [
        ("ollama", ollama_routes(MODEL)),
        ("llama.cpp", {"/props": answer(200, {"modalities": {"vision": False, "audio": False}})}),
        ("sglang", {"/model_info": answer(200, {"has_image_understanding": False})}),
    ],
)
def test_a_server_that_says_it_sees_nothing_is_refused_before_it_is_loaded(
    waiting: Waiting, engine: str, routes: Any
) -> None:
    with ScriptedLlm([conforming(TOKEN)], routes=routes) as llm, pytest.raises(CannotServe) as caught:
        waiting.until_ready(llm, needs=VISION, engine=engine)

    assert [] == llm.chats()
    assert "lacks `vision`, which an agent needs" in str(caught.value)
    assert "Choose a model that reads images" in str(caught.value).splitlines()[-1]


def test_an_image_that_is_answered_with_nothing_fails(waiting: Waiting) -> None:
    told = refused(waiting, VISION, conforming(TOKEN, image=stream(ROLE, chunk(finish="stop"), DONE)))

    assert ("O18", "the answer to an image was empty") == (told.checks[-1].id, told.checks[-1].detail)
    assert "Choose a model that reads images" in str(told).splitlines()[-1]

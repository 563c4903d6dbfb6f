"""Phases `model` and `refusals`: does the prompt fit, does it run where it should, and what does the server refuse?"""

from collections.abc import Iterator
from typing import Any

import pytest

from components.llm.engines import ENGINES
from components.llm.gate.failure import CannotServe, NotReady
from components.llm.gate.needs import Needs
from components.llm.gate.readiness import Budget, Evidence
from tests.fixtures.conforming import conforming, error, kind_of
from tests.fixtures.scripted_docker import CONTAINER, ScriptedDocker, docker_host, running
from tests.fixtures.scripted_llm import (
    COUNTING,
    DONE,
    MODEL,
    ScriptedLlm,
    answer,
    chunk,
    listing,
    ollama_routes,
    refuse,
    stream,
)
from tests.fixtures.scripted_socket import Act
from tests.fixtures.waiting import TOKEN, Waiting, talks, verdicts


def counted(tokens: int) -> Act:
    """A stream whose server counts *tokens* in the prompt."""
    usage = {"prompt_tokens": tokens, "completion_tokens": 3, "total_tokens": tokens + 3}
    return stream(*COUNTING[:-2], chunk(choices=[], usage=usage), DONE)


def ollama(*, window: int, size_vram: int = 0) -> dict[str, Act]:
    loaded = {"name": MODEL, "size": 100, "size_vram": size_vram, "context_length": window}
    return {**ollama_routes(MODEL), "/api/ps": answer(200, {"models": [loaded]})}


def detail(evidence: Evidence, id_: str) -> str:
    return next(check.detail for check in evidence.checks if check.id == id_)


def refused(waiting: Waiting, act: Act, *, routes: Any = None, models: Any = None, **target: Any) -> NotReady:
    with ScriptedLlm([act], routes=routes, models=models) as llm, pytest.raises(CannotServe) as caught:
        waiting.until_ready(llm, **target)
    return caught.value


def test_the_first_token_is_measured_behind_a_prompt_of_the_real_length(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        waiting.until_ready(llm, needs=Needs(system_prompt_bytes=3_000))

    prompts = [asked.json()["messages"][0] for asked in talks(llm)]
    assert [("system", 3_000)] * 3 == [(turn["role"], len(turn["content"])) for turn in prompts]


def test_a_prompt_that_fits_is_told_with_the_servers_own_count(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN, text=counted(700))], routes=ollama(window=4096)) as llm:
        evidence = waiting.until_ready(llm, engine="ollama", needs=Needs(system_prompt_bytes=3_000))

    assert "pass" == verdicts(evidence)["context"]
    assert "a system prompt of 700 tokens and 512 for the talk fit" in detail(evidence, "context")
    assert 4096 == evidence.as_dict()["capabilities"]["context_tokens"]


def test_a_prompt_that_leaves_no_room_for_a_talk_is_refused_with_the_window_to_set(waiting: Waiting) -> None:
    told = refused(
        waiting,
        conforming(TOKEN, text=counted(3_800)),
        routes=ollama(window=4096),
        engine="ollama",
        needs=Needs(system_prompt_bytes=16_000),
    )

    assert ("context", "fail") == (told.checks[-1].id, told.checks[-1].verdict)
    assert "a system prompt of 3,800 tokens and 512 for the talk exceed the window of 4,096 tokens" in str(told)
    assert "`pulumi config set --path llms.smol.contextLength 5120`" in str(told).splitlines()[-1]


def test_a_prompt_that_cannot_fit_is_refused_before_anything_is_loaded(waiting: Waiting) -> None:
    models = answer(200, {"data": [{"id": MODEL, "max_model_len": 2048}]})
    with ScriptedLlm([conforming(TOKEN)], models=models) as llm, pytest.raises(CannotServe) as caught:
        waiting.until_ready(llm, engine="vllm", needs=Needs(system_prompt_bytes=80_000))

    assert [] == llm.chats()
    assert "a system prompt of at least 10,000 tokens" in str(caught.value)


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "request (3000 tokens) exceeds the available context size (2048 tokens), try increasing it"),
        error(400, "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens"),
        error(400, "The input (3000 tokens) is longer than the model's context length (2048 tokens)."),
        answer(422, {"error": "Input validation error: `inputs` must have less than 2048 tokens. Given: 3000"}),
        answer(422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 and 16"}),
    ],
)
def test_an_engine_that_refuses_the_prompt_for_its_length_fails_the_context(waiting: Waiting, refusal: Act) -> None:
    told = refused(waiting, conforming(TOKEN, text=refusal), needs=Needs(system_prompt_bytes=9_000))

    assert ("context", "fail") == (told.checks[-1].id, told.checks[-1].verdict)
    assert "`pulumi config set --path llms.smol.contextLength <more>`" in str(told).splitlines()[-1]


@pytest.mark.parametrize("engine", ["hosted", "litellm"])
def test_where_every_token_costs_the_prompt_is_estimated_against_the_listed_window(
    waiting: Waiting, engine: str
) -> None:
    models = answer(200, {"data": [{"id": MODEL, "context_window": 1_600}]})
    with ScriptedLlm([conforming(TOKEN)], models=models) as llm:
        evidence = waiting.until_ready(llm, engine=engine, needs=Needs(system_prompt_bytes=4_000))

    assert "a system prompt of about 1,000 tokens" in detail(evidence, "context")
    assert {"user"} == {turn["role"] for asked in talks(llm) for turn in asked.json()["messages"]}

    told = refused(waiting, conforming(TOKEN), models=models, engine=engine, needs=Needs(system_prompt_bytes=9_000))

    assert "choose a model with a wider window" in str(told).splitlines()[-1]


def test_a_window_nobody_tells_is_unknown_and_without_a_prompt_nothing_is_judged(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        assert "unknown" == verdicts(waiting.until_ready(llm, needs=Needs(system_prompt_bytes=3_000)))["context"]
        assert "context" not in verdicts(waiting.until_ready(llm))


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedDocker]:
    scripted = ScriptedDocker()
    with scripted.serve() as server:
        monkeypatch.setenv("DOCKER_HOST", docker_host(server))
        yield scripted


@pytest.mark.parametrize(("size_vram", "verdict"), [(100, "pass"), (40, "warn")])
def test_ollama_shows_how_much_of_the_model_is_on_the_gpu(waiting: Waiting, size_vram: int, verdict: str) -> None:
    with ScriptedLlm([conforming(TOKEN)], routes=ollama(window=4096, size_vram=size_vram)) as llm:
        assert verdict == verdicts(waiting.until_ready(llm, engine="ollama", gpu=True))["gpu"]


@pytest.mark.usefixtures("docker")
def test_a_model_on_the_cpu_is_refused_when_a_gpu_was_asked_for(waiting: Waiting) -> None:
    told = refused(
        waiting, conforming(TOKEN), routes=ollama(window=4096), engine="ollama", gpu=True, container_id=CONTAINER
    )

    assert ("gpu", "the model runs on the CPU though a GPU was asked for") == (
        told.checks[-1].id,
        told.checks[-1].detail,
    )
    next_step = str(told).splitlines()[-1]
    assert f"{{{{.HostConfig.DeviceRequests}}}} {{{{.HostConfig.Devices}}}}' {CONTAINER[:12]}`" in next_step
    assert next_step.endswith("`pulumi config set --path llms.smol.gpu off`.")


def test_the_log_of_the_container_shows_what_llama_cpp_put_on_the_gpu(waiting: Waiting, docker: ScriptedDocker) -> None:
    docker.logs = ["load_tensors: offloaded 29/29 layers to GPU", *["slot release: id 0"] * 100]
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        evidence = waiting.until_ready(llm, engine="llama.cpp", gpu=True, container_id=CONTAINER)

    assert "pass" == verdicts(evidence)["gpu"]


@pytest.mark.parametrize("container_id", [None, CONTAINER])
def test_without_the_word_of_the_engine_the_gpu_is_unknown(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch, container_id: str | None
) -> None:
    with ScriptedLlm([stream()], closed=True) as nobody, ScriptedLlm([conforming(TOKEN)]) as llm:
        monkeypatch.setenv("DOCKER_HOST", docker_host(nobody))
        evidence = waiting.until_ready(llm, engine="llama.cpp", gpu=True, container_id=container_id)

    assert "unknown" == verdicts(evidence)["gpu"]


def test_a_gpu_that_nobody_asked_for_is_not_looked_for(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)], routes=ollama(window=4096)) as llm:
        assert "gpu" not in verdicts(waiting.until_ready(llm, engine="ollama"))


LAST_WORDS = [(engine.name, words, cure) for engine in ENGINES.values() for words, cure in engine.hopeless.items()]


@pytest.mark.parametrize(("engine", "words", "cure"), LAST_WORDS)
def test_the_last_words_of_an_engine_that_ended_say_what_to_do(
    waiting: Waiting, docker: ScriptedDocker, engine: str, words: str, cure: str
) -> None:
    docker.state = running(Status="exited", ExitCode=1)
    docker.logs = ["2026-11-23T12:00:00Z starting", f"2026-11-23T12:00:01Z Error: {words.capitalize()} 'qwen9'"]

    told = refused(waiting, conforming(TOKEN), engine=engine, container_id=CONTAINER)

    assert f"Error: {words.capitalize()} 'qwen9'" in str(told)
    assert str(told).splitlines()[-1].strip() == cure.replace("<llm>", "smol")


SHOULD = ("S13", "S14", "S15", "S19")


def should(evidence: Evidence) -> list[str]:
    return [verdicts(evidence)[id_] for id_ in SHOULD]


def test_a_server_that_refuses_as_openai_does_passes(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        assert ["pass"] * 4 == should(waiting.until_ready(llm))


def test_a_server_that_takes_everything_is_told_so_and_passes(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm:
        assert ["unknown", "warn", "warn", "pass"] == should(waiting.until_ready(llm))


def test_a_request_the_server_may_take_asks_for_one_token(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm:
        waiting.until_ready(llm)

    kinds = {"bad_model", "bad_body", "parts", "stranger"}
    odd = [asked.json() for asked in llm.chats() if kind_of(asked, token=TOKEN) in kinds]
    assert [1] * 4 == [body["max_tokens"] for body in odd]


def test_a_template_that_fails_on_parts_is_a_warning_with_its_words(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN, parts=refuse(500, "can only concatenate str"))]) as llm:
        evidence = waiting.until_ready(llm)

    assert "warn" == verdicts(evidence)["S19"]
    assert "HTTP 500 can only concatenate str" in detail(evidence, "S19")


@pytest.mark.parametrize("budget", [Budget(), Budget(stall_timeout_s=12, timeout_s=120)], ids=["usual", "impatient"])
def test_a_refusal_that_never_comes_is_unknown_and_ends_no_wait(waiting: Waiting, budget: Budget) -> None:
    def silent(connection: Any, _: Any) -> None:
        for _none in connection.until_gone():
            waiting.clock.advance(0.05)

    with ScriptedLlm([conforming(TOKEN, bad_body=silent, bad_model=silent, parts=silent, stranger=silent)]) as llm:
        evidence = waiting.until_ready(llm, budget=budget)

    assert ["unknown"] * 5 == [*should(evidence), verdicts(evidence)["C12"]]


def test_a_token_that_a_refusal_repeats_is_not_kept(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN, bad_model=error(404, f"no such model for {TOKEN}"))]) as llm:
        evidence = waiting.until_ready(llm)

    assert "HTTP 404 no such model for [hidden]" == detail(evidence, "S14")


@pytest.mark.parametrize(("engine", "unknown"), [("hosted", list(SHOULD)), ("litellm", ["S19"])])
def test_where_every_request_costs_the_paid_ones_are_not_made(
    waiting: Waiting, engine: str, unknown: list[str]
) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        evidence = waiting.until_ready(llm, engine=engine)

    assert unknown == [id_ for id_ in SHOULD if verdicts(evidence)[id_] == "unknown"]
    assert {"not asked: every request costs"} == {detail(evidence, id_) for id_ in unknown}
    assert "parts" not in [kind_of(asked, token=TOKEN) for asked in llm.chats()]


def test_an_unlisted_name_beside_others_of_a_hosted_endpoint_is_a_warning(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)], models=listing("another")) as llm:
        assert "warn" == verdicts(waiting.until_ready(llm, engine="hosted"))["model"]


def test_a_server_that_is_slow_to_answer_under_any_name_is_refused_all_the_same(waiting: Waiting) -> None:
    slow = stream(before_each=lambda: waiting.clock.advance(6))
    llm = ScriptedLlm([conforming(TOKEN, bad_model=slow)], models=listing("the-real-name"))

    with llm, pytest.raises(CannotServe, match="it answers under any model name, and lists the-real-name"):
        waiting.until_ready(llm)


def test_a_server_that_refuses_wrong_names_may_serve_one_that_it_does_not_list(waiting: Waiting) -> None:
    llm = ScriptedLlm([conforming(TOKEN, bad_model=refuse(500, "oops"))], models=listing("the-real-name"))

    with llm:
        assert "warn" == verdicts(waiting.until_ready(llm))["model"]

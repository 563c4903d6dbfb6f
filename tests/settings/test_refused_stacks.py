"""
Each mistake is named by its key, with what to write instead; nothing is created.

Sources: issue 3, "Bad input gets a clear error".
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
KEY = {"trugenApiKey": "tg-0123456789"}
TOKEN = {"llmTokens": {"main": "sk-0123456789"}}


def test_an_unknown_section_is_answered_with_the_nearest_valid_one(problems: Problems, stack: Stack) -> None:
    assert problems(stack, llmz="{}") == ["llmz: unknown key; did you mean 'llms'?"]


def test_an_unknown_key_is_answered_with_the_nearest_valid_one_of_its_place(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"]["contxtLength"] = 4096
    stack["llms"]["main"]["ready"] = {"sucesses": 3}
    stack["agents"]["ada"]["stt"] = {"modle": "nova-3"}

    assert problems(stack) == [
        "agents.ada.stt.modle: unknown key; did you mean 'model'?",
        "llms.main.contxtLength: unknown key; did you mean 'contextLength'?",
        "llms.main.ready.sucesses: unknown key; did you mean 'successes'?",
    ]


def test_a_key_of_the_other_engine_is_unknown(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"]["baseUrl"] = "https://llm.example.com/v1"

    assert problems(stack) == [
        (
            "llms.main.baseUrl: unknown key; known: contextLength, cpus, digest, engine, gateway, gguf, gpu, image,"
            " keepAlive, memory, model, parallel, port, privatePort, publicUrl, ready, restart, strategy"
        )
    ]


def test_every_problem_is_told_at_once(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"]["port"] = 80
    stack["agents"]["ada"] = {"llm": "mian", "timeoutS": 0}
    stack["trugen"] = {}

    paths = [line.split(":")[0] for line in problems(stack, other="x")]

    assert paths == [
        "agents.ada.agentName",
        "agents.ada.llm",
        "agents.ada.personaPrompt",
        "agents.ada.timeoutS",
        "llms.main.port",
        "other",
        "trugen",
    ]


def test_the_error_says_that_nothing_happened_and_what_to_type(load: Load, stack: Stack) -> None:
    stack["agents"]["ada"]["llm"] = "x"

    with pytest.raises(
        Exception, match=r"(?s)Pulumi.test.yaml has 1 problem; nothing was .*`pulumi preview --stack test`"
    ):
        load(stack)


def test_a_missing_section_is_missing(problems: Problems, stack: Stack) -> None:
    del stack["llms"]

    assert problems(stack) == ["agents.ada.llm: no LLM is named 'main'; none is declared", "llms: is missing"]


def test_an_agent_with_an_llm_that_is_not_there_is_shown_the_declared_ones(problems: Problems, stack: Stack) -> None:
    stack["agents"]["ada"]["llm"] = "mian"

    assert problems(stack) == ["agents.ada.llm: no LLM is named 'mian'; did you mean 'main'?"]


@pytest.mark.parametrize("name", ["", "Main", "ma in", "-main", "m" * 31, "mäin", "a/b", "a::b"])
def test_a_name_that_docker_or_pulumi_could_not_take_is_refused(problems: Problems, stack: Stack, name: str) -> None:
    stack["llms"][name] = {**stack["llms"]["main"], "port": 20000}

    assert problems(stack) == [
        f"llms.{name}: {name!r} does not fit; use up to 30 lower-case letters, digits and '-', a letter first"
    ]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x00b", "a\u202eb", "x" * 201])
def test_an_agent_name_that_nobody_could_read_is_refused(problems: Problems, stack: Stack, name: str) -> None:
    stack["agents"]["ada"]["agentName"] = name

    assert [line.split(":")[0] for line in problems(stack)] == ["agents.ada.agentName"]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("model", "llama3.2", "'llama3.2' names no tag; say which one, for example 'llama3.2:latest'"),
        ("model", "", "'' is not a model name"),
        ("model", "--host:0", "'--host:0' is not a model name"),
        ("model", "../../x:1", "is not a model name"),
        ("image", "ollama/ollama", "pin a tag other than latest, like 'ollama/ollama:0.24.0'"),
        ("image", "ollama/ollama:latest", "pin a tag other than latest"),
        ("image", "Ollama/Ollama:1", "pin a tag other than latest"),
        ("port", 80, "is 80; write 1024 to 65535, or 443 for a gateway with `tls`"),
        ("port", "8080", "input should be a valid integer, not '8080'"),
        ("port", 8080.5, "input should be a valid integer"),
        ("port", True, "input should be a valid integer, not True"),
        ("memory", 8, "is 8 bytes; write at least '64MiB', with the unit, like '8GiB'"),
        ("memory", "-1", "is no size; write a number with its unit"),
        ("cpus", 0, "input should be greater than 0, not 0"),
        ("parallel", 0, "input should be greater than or equal to 1, not 0"),
        ("contextLength", -1, "input should be greater than or equal to 256, not -1"),
        ("keepAlive", "forever", "write '5m', '90s', '2h', or '-1' for always"),
        ("gpu", "yes", "say 'off', 'all', 'amd', {count: 2}, or a list of different GPU ids"),
        ("gpu", [], "say 'off', 'all', 'amd', {count: 2}, or a list"),
        ("gpu", [0, 0], "a list of different GPU ids"),
        ("gpu", [True], "a list of different GPU ids"),
        ("restart", "sometimes", "input should be 'no', 'on-failure', 'unless-stopped' or 'always'"),
        ("ready", {"timeoutS": 0}, "input should be greater than 0, not 0"),
        ("ready", {"timeoutS": -5}, "input should be greater than 0, not -5"),
        ("ready", {"timeoutS": "5m"}, "input should be a valid number, not '5m'"),
        ("ready", {"successes": 0}, "input should be greater than or equal to 1, not 0"),
        ("ready", {"timeoutS": 10}, "stallTimeoutS 180 is above timeoutS 10"),
        ("gguf", {"path": "../weights.gguf"}, "leaves the project folder"),
        ("gguf", {"path": "a.gguf", "parameters": {"stop": {"a": 1}}}, "is neither a number, true or false, text"),
        ("publicUrl", "https://user:hunter2@llm.example.com/v1", "holds a user name or password"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_one_that_does(
    problems: Problems, stack: Stack, key: str, value: Any, reason: str
) -> None:
    stack["llms"]["main"][key] = value

    (problem,) = problems(stack)

    assert problem.startswith(f"llms.main.{key}")
    assert reason in problem


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_call_that_lasts_no_time_is_refused(problems: Problems, stack: Stack, timeout: int) -> None:
    stack["agents"]["ada"]["timeoutS"] = timeout

    assert problems(stack) == [f"agents.ada.timeoutS: input should be greater than 0, not {timeout}"]


def test_only_an_adopted_agent_can_do_without_what_trugen_demands_of_a_new_one(
    problems: Problems, load: Load, stack: Stack
) -> None:
    stack["agents"]["ada"] |= {"agentSystemPrompt": None, "timeoutS": None, "memory": None}

    assert problems(stack) == [
        "agents.ada.agentSystemPrompt: is null, which leaves alone what an adopted agent has; a new one needs it",
        "agents.ada.memory: is null like `timeoutS`; only an adopted agent can do without both",
    ]
    stack["agents"]["ada"] |= {"adoptAgentId": "ag-1"}
    assert load(stack).agents["ada"].memory is None


def test_what_adopt_leaves_to_fill_in_has_to_be_filled_in(problems: Problems, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"]["baseUrl"] = "<URL-of-this-LLM-ending-in-its-version>"

    assert problems(cloud_stack, {**KEY, **TOKEN}) == [
        "llms.main.baseUrl: does not start with https:// (or http:// beside the sandbox)"
    ]


def test_an_engine_that_is_not_known_is_answered_with_those_that_are(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"]["engine"] = "mlx"

    assert problems(stack) == [
        "llms.main: needs `engine: anthropic or hosted or llama.cpp or ollama or sglang or tgi or trugen or vllm`"
    ]


def test_one_port_serves_one_program(problems: Problems, stack: Stack) -> None:
    stack["llms"]["second"] = {**stack["llms"]["main"], "privatePort": 20001}
    stack["trugen"]["sandbox"]["port"] = 11434

    assert problems(stack) == [
        "llms.main.port: 11434 is taken by 'trugen.sandbox.port'; choose another",
        "llms.second.port: 11434 is taken by 'trugen.sandbox.port'; choose another",
    ]


@pytest.mark.parametrize("chosen", [None, 11436])
def test_a_private_port_gives_way_to_a_public_one(problems: Problems, stack: Stack, chosen: int | None) -> None:
    stack["llms"]["second"] = {**stack["llms"]["main"], "port": (chosen or 11435)}
    if chosen:
        stack["llms"]["main"]["privatePort"] = chosen

    (problem,) = problems(stack)

    which = "11436" if chosen else "11435, the one after `port`,"
    assert problem == f"llms.main.privatePort: {which} is taken by 'llms.second.port'; choose another"


def test_two_servers_cannot_share_a_private_port(problems: Problems, stack: Stack) -> None:
    stack["llms"]["second"] = {**stack["llms"]["main"], "port": 20001, "privatePort": 11435}

    assert problems(stack) == [
        "llms.second.privatePort: 11435 is taken by 'llms.main.privatePort'; choose another",
    ]


def test_the_last_port_of_all_leaves_none_for_the_private_door(problems: Problems, stack: Stack) -> None:
    stack["llms"]["main"]["port"] = 65535

    assert problems(stack) == ["llms.main: has `port: 65535`, and none comes after it; set `privatePort`, too"]


def test_exact_names_must_differ(problems: Problems, stack: Stack) -> None:
    stack["agents"]["ada"]["exactName"] = True
    stack["agents"]["twin"] = dict(stack["agents"]["ada"])

    assert problems(stack) == [
        "agents.twin.agentName: is also the name of 'agents.ada'; with `exactName` it must differ"
    ]


def test_both_a_prompt_and_its_file_are_one_too_many(problems: Problems, stack: Stack) -> None:
    stack["agents"]["ada"]["personaPromptFile"] = "stacks/agents/concierge.md"

    assert problems(stack) == ["agents.ada: has both `personaPrompt` and `personaPromptFile`; keep one"]


def test_what_is_wrong_with_a_prompt_is_told_without_the_prompt(problems: Problems, stack: Stack) -> None:
    stack["agents"]["ada"]["personaPrompt"] = ["canary-prompt"]

    (problem,) = problems(stack)

    assert "canary-prompt" not in problem

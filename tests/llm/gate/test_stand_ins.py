"""Stand-ins are held to OpenAI's shapes themselves: they deviate where their servers do, and only there."""

import json
import subprocess
import sys
from typing import Any

import pytest
import requests

from tests.fixtures.openai_shapes import CHUNK, ERROR, deviations
from tests.fixtures.stand_ins import STAND_INS
from tests.fixtures.stand_ins.client import CITY_TOOL, PNG, Client
from tests.fixtures.stand_ins.stand_in import StandIn

MODEL = "acme/m"
TOKEN = "a-token-of-these-tests"
NAMES = pytest.mark.parametrize("name", STAND_INS)
USAGE = {"include_usage": True}
IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}]

# Every deviation with its source; see also the docstring of each stand-in.
CHUNKS_OFF: dict[str, set[str]] = {
    # Measured on 1.105.3: no finish_reason before the end, none beside the usage.
    "litellm": {"choices: 'finish_reason' is a required property"},
    # router/src/lib.rs: Function.name is an Option, and null after the first piece.
    "tgi": {"choices.delta.tool_calls.function.name: None is not of type 'string'"},
}
ERRORS_OFF: dict[str, set[str]] = {
    # router/src/server.rs: {"error", "error_type"}.
    "tgi": {"no JSON"},
    # ErrorResponse.code is a number.
    "vllm": {"error.code: 400 is not of type 'string', 'null'", "error.code: 404 is not of type 'string', 'null'"},
    # The error lies flat.
    "sglang": {"root: 'error' is a required property"},
    # Measured: a number as code, no param.
    "llama.cpp": {"error: 'param' is a required property", "error.code: 400 is not of type 'string', 'null'"},
    # openrouter.ai/docs, "API errors": code is a number; no type, no param.
    "openrouter": {
        "error: 'type' is a required property",
        "error: 'param' is a required property",
        "error.code: 400 is not of type 'string', 'null'",
    },
    # SciSharp/BotSharp#386: code and message only.
    "azure": {"error: 'type' is a required property", "error: 'param' is a required property"},
}
# What answers to a name nobody knows: not known of SGLang, measured of llama.cpp, read of TGI.
TAKES_ANY_NAME = {"tgi", "sglang", "llama.cpp"}
WITHOUT_TOKENS = {"ollama"}


def started(name: str, **settings: Any) -> StandIn:
    token = {} if name in WITHOUT_TOKENS else {"token": TOKEN}
    return STAND_INS[name](**{"model": MODEL, **token, **settings})


def client(server: StandIn, *, token: str | None = TOKEN) -> Client:
    return Client(server, MODEL, token)


@NAMES
def test_chunks_have_openais_shape_but_for_known_deviations(name: str) -> None:
    with started(name) as server:
        chunks = [
            *client(server).chunks(stream_options=USAGE),
            *client(server).chunks(tools=[CITY_TOOL]),
            *client(server).chunks(max_tokens=2),
        ]

    assert CHUNKS_OFF.get(name, set()) == {off for chunk in chunks for off in deviations(chunk, CHUNK)}


@NAMES
def test_errors_have_openais_shape_but_for_known_deviations(name: str) -> None:
    with started(name) as server:
        answers = [client(server).post(model="nobody-knows"), client(server).post(messages=None)]

    refused = [answer for answer in answers if answer.status_code != 200]
    assert all(400 <= answer.status_code < 500 for answer in refused)
    assert (len(refused) == 1) == (name in TAKES_ANY_NAME)
    assert ERRORS_OFF.get(name, set()) == {off for answer in refused for off in error_deviations(answer)}


def error_deviations(answer: requests.Response) -> set[str]:
    try:
        return deviations(answer.json(), ERROR)
    except ValueError:
        return {"no JSON"}


@NAMES
def test_a_stream_says_the_text_once_and_ends_for_one_reason(name: str) -> None:
    with started(name) as server:
        assert client(server).text().startswith("One, two, three")
        chunks = client(server).chunks()

    reasons = [choice.get("finish_reason") for chunk in chunks for choice in chunk["choices"]]
    assert ["stop"] == [reason for reason in reasons if reason]


@NAMES
def test_a_limit_of_tokens_cuts_the_answer(name: str) -> None:
    with started(name) as server:
        chunks = client(server).chunks(max_tokens=2)
        assert "One, two" == client(server).text(max_tokens=2)

    assert "length" in {choice.get("finish_reason") for chunk in chunks for choice in chunk["choices"]}


@NAMES
def test_the_pieces_of_a_tool_call_make_one_call_and_its_result_is_put_into_words(name: str) -> None:
    with started(name) as server:
        chunks = client(server).chunks(tools=[CITY_TOOL])
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        pieces = [piece for delta in deltas for piece in delta.get("tool_calls") or ()]
        call = {**pieces[0], "function": {"name": "weather", "arguments": arguments(pieces)}}
        asked = {"role": "assistant", "content": None, "tool_calls": [call]}
        result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
        answered = client(server).text(messages=[asked, result], tools=[CITY_TOOL])

    assert ("weather", {"city": "Paris"}) == (pieces[0]["function"]["name"], json.loads(arguments(pieces)))
    assert (1 == len(pieces)) == (name == "ollama")
    assert "sunny" in answered


def arguments(pieces: list[dict[str, Any]]) -> str:
    return "".join(piece["function"].get("arguments", "") for piece in pieces)


@NAMES
def test_a_request_without_stream_gets_one_object(name: str) -> None:
    with started(name) as server:
        whole = client(server).post(stream=None).json()

    assert ("chat.completion", "stop") == (whole["object"], whole["choices"][0]["finish_reason"])


@pytest.mark.parametrize("name", sorted(set(STAND_INS) - WITHOUT_TOKENS))
@pytest.mark.parametrize("token", ["wrong", None])
def test_strangers_are_refused(name: str, token: str | None) -> None:
    with started(name) as server:
        status = client(server, token=token).post().status_code

    assert ({"wrong": 400, None: 500}[token] if name == "litellm" else 401) == status


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    ("vllm", {"tool_parser": False}, {"tools": [CITY_TOOL]}, 400, "requires --enable-auto-tool-choice"),
    ("vllm", {}, {"messages": IMAGE}, 400, "is not a multimodal model"),
    ("vllm", {"chat_template": False}, {}, 400, "chat template"),
    ("vllm", {}, {"model": "x"}, 404, "The model `x` does not exist."),
    ("llama.cpp", {}, {"messages": IMAGE}, 500, "image input is not supported"),
    ("llama.cpp", {"n_ctx": 0}, {}, 400, "exceed_context_size_error"),
    ("ollama", {"pulled": False}, {}, 404, "not found"),
    ("ollama", {"capabilities": ("completion",)}, {"tools": [CITY_TOOL]}, 400, "does not support tools"),
    (
        "ollama",
        {},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a.test/b.png"}}]}
            ]
        },
        400,
        "image URLs are not currently supported",
    ),
    ("groq", {}, {"logprobs": True}, 400, "unsupported"),
    ("groq", {}, {"messages": [{"role": "user", "content": "Hi", "name": "Jo"}]}, 400, "unsupported"),
    ("openai", {"reasons": True}, {"max_tokens": 5}, 400, "max_completion_tokens"),
    ("anthropic", {}, {"n": 2}, 400, "must be 1"),
    ("openrouter", {"has_credit": False}, {}, 402, "Insufficient credits"),
    ("litellm", {"upstream_dead": True}, {}, 500, "Connection error"),
    ("tgi", {"max_total": 1}, {}, 422, "validation"),
]


@pytest.mark.parametrize(("name", "settings", "fields", "status", "said"), REFUSED)
def test_what_a_server_cannot_do_it_refuses_in_its_own_words(
    name: str, settings: dict[str, Any], fields: dict[str, Any], status: int, said: str
) -> None:
    with started(name, **settings) as server:
        answer = client(server).post(**fields)

    assert (status, True) == (answer.status_code, said in answer.text)


@pytest.mark.parametrize(
    ("name", "ends"), [("tgi", "[DONE]"), ("vllm", "[DONE]"), ("openrouter", "[DONE]"), ("ollama", "chunk")]
)
def test_a_failure_within_a_stream_shows_as_the_server_shows_it(name: str, ends: str) -> None:
    with started(name, fails=True) as server:
        datas = client(server).datas()

    assert (ends == "[DONE]") == (datas[-1] == "[DONE]")
    assert (ends == "[DONE]") == any('"error"' in data for data in datas)


@pytest.mark.parametrize(
    ("name", "path"),
    [("tgi", "/info"), ("tgi", "/v1/models"), ("vllm", "/metrics"), ("vllm", "/health"), ("llama.cpp", "/health")],
)
def test_some_routes_ask_for_no_token(name: str, path: str) -> None:
    with started(name) as server:
        assert 200 == client(server, token=None).get(path).status_code


def test_anthropic_lists_its_models_to_its_own_headers_alone() -> None:
    own = {"x-api-key": TOKEN, "anthropic-version": "2023-06-01"}
    with started("anthropic") as server:
        url = f"{server.base_url}/models"
        listed = requests.get(url, headers=own, timeout=10).json()

        assert 401 == client(server).get("/v1/models").status_code
    assert [MODEL] == [entry["id"] for entry in listed["data"]]


@pytest.mark.parametrize(("name", "waits"), [("llama.cpp", {"loading": True}), ("sglang", {"starting": True})])
def test_a_server_that_loads_is_refused_then_unavailable_then_there(name: str, waits: dict[str, Any]) -> None:
    with started(name, closed=True, **waits) as server:
        with pytest.raises(requests.ConnectionError):
            client(server).get("/health")
        server.open()
        loading = client(server).get("/health").status_code
        server.loaded()

        assert (503, 200) == (loading, client(server).get("/health").status_code)


@pytest.mark.parametrize("role_on", [pytest.param(True, id="v0.24.0"), pytest.param(False, id="today")])
def test_older_ollamas_put_the_role_on_every_delta(role_on: bool) -> None:  # noqa: FBT001 - a table
    with started("ollama", before_0_30=role_on) as server:
        chunks = client(server).chunks()

    assert role_on == all("role" in choice["delta"] for chunk in chunks for choice in chunk["choices"])


def test_a_stand_in_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "tests.fixtures.stand_ins", "vllm", "--model", MODEL, "--gap", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        base_url = running.stdout.readline().strip()
        listed = requests.get(f"{base_url}/models", timeout=10).json()
        running.terminate()

    assert [MODEL] == [entry["id"] for entry in listed["data"]]

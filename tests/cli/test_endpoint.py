"""`doctor URL` as a person and as CI run it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.__main__ import main
from components.cli.endpoint import STATUS_OF
from components.llm.gate.conformance import ROWS
from components.llm.gate.recognition import hosted
from tests.fixtures.scripted_llm import (
    COUNTING,
    DONE,
    MODEL,
    ScriptedLlm,
    answer,
    chunk,
    event,
    listing,
    refuse,
    stream,
)
from tests.fixtures.scripted_socket import Act
from tests.fixtures.waiting import TOKEN

PROJECT = Path(__file__).resolve().parents[2]
SMUGGLED = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\nforged   pass"

Doctor = Callable[..., tuple[int, str, str]]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Run it in this process; exit status, and what stood on stdout and on stderr."""

    def run(*words: str, token: str | None = None) -> tuple[int, str, str]:
        monkeypatch.delenv("LLM_TOKEN", raising=False)
        if token is not None:
            monkeypatch.setenv("LLM_TOKEN", token)
        monkeypatch.setattr("sys.argv", ["components", "doctor", *words])
        try:
            status = main()
        except SystemExit as end:  # of argparse
            status = int(str(end.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def healthy(**how: Any) -> ScriptedLlm:
    return ScriptedLlm(chat=[stream()], **how)


def verdicts(out: str) -> Mapping[str, str]:
    return {check["id"]: check["verdict"] for check in json.loads(out)["checks"]}


# What is shown


def test_a_healthy_endpoint_is_ready_and_every_check_of_the_table_has_its_line(doctor: Doctor) -> None:
    with healthy() as llm:
        status, out, _ = doctor(llm.base_url)

    shown = out.splitlines()
    ids = [line.split()[0] for line in shown if not line.startswith(" ") and line.strip()]
    assert status == 0
    assert {row.id for row in ROWS} <= set(ids)
    assert shown[-1].startswith(f"Ready: {llm.base_url} streams {MODEL} as TruGen needs it")


def test_what_was_not_asked_is_unknown_and_says_what_to_add(doctor: Doctor) -> None:
    with healthy() as llm:
        _, out, _ = doctor(llm.base_url, "--json")

    said = {check["id"]: (check["verdict"], check["detail"]) for check in json.loads(out)["checks"]}
    assert {id_: said[id_] for id_ in ("O16", "O18", "context", "gpu")} == {
        "O16": ("unknown", "not asked, add --tools"),
        "O18": ("unknown", "not asked, add --vision"),
        "context": ("unknown", "not asked, add --system-prompt-bytes"),
        "gpu": ("unknown", "not asked, add --gpu"),
    }


def test_a_failed_check_ends_with_status_1_its_evidence_and_what_to_do(doctor: Doctor) -> None:
    with ScriptedLlm(chat=[stream(*COUNTING[:-1])]) as llm:
        status, out, _ = doctor(llm.base_url, "--json")

    found = json.loads(out)
    failed = [check for check in found["checks"] if check["verdict"] == "fail"]
    assert (status, found["verdict"]) == (1, "fail")
    assert [(check["id"], check["detail"]) for check in failed] == [("C8", "the stream ended without 'data: [DONE]'")]
    assert failed[0]["next_step"]
    assert found["summary"].startswith("Not ready: C8: ")


def test_checks_behind_a_failed_one_are_unknown_and_not_reached(doctor: Doctor) -> None:
    with ScriptedLlm(chat=[refuse(401, "wrong key")]) as llm:
        status, out, _ = doctor(llm.base_url, "--json")

    said = {check["id"]: check["detail"] for check in json.loads(out)["checks"]}
    assert status == 1
    assert {said[row.id] for row in ROWS if row.id in {"C2", "C10", "C12", "S19"}} == {"not reached"}


def test_a_refused_token_says_where_to_put_the_right_one(doctor: Doctor) -> None:
    with ScriptedLlm(chat=[refuse(401, "wrong key")]) as llm:
        _, out, _ = doctor(llm.base_url)

    assert "next: Set the token this endpoint accepts: `export LLM_TOKEN=<token>`." in out


@pytest.mark.parametrize(
    ("refusal", "step"),
    [
        (refuse(402, "Insufficient credits"), "raise its spending limit, then run this again."),
        (
            refuse(401, "litellm.AuthenticationError: AnthropicException - invalid x-api-key"),
            "next: Store a key that Anthropic accepts in the settings of the proxy.",
        ),
        (
            refuse(
                500, "litellm.InternalServerError: AnthropicException - Cannot connect to host api.anthropic.com:443"
            ),
            "reach api.anthropic.com:443, then run this again.",
        ),
        (
            refuse(500, "model requires more system memory (5 GiB) than is available (2 GiB)"),
            "Choose a smaller model, or set `memory` of the server to <more>.",
        ),
        (
            refuse(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
            "set `toolCallParser` of the server to <parser>.",
        ),
    ],
)
def test_no_next_step_speaks_of_a_stack_file_that_somebody_elses_endpoint_does_not_have(
    doctor: Doctor, refusal: Act, step: str
) -> None:
    with ScriptedLlm(chat=[refusal]) as llm:
        _, out, _ = doctor(llm.base_url)

    assert step in " ".join(out.split())
    assert "pulumi" not in out


def test_a_warning_leaves_it_ready_and_says_what_to_do(doctor: Doctor) -> None:
    without_usage = [*COUNTING[:-2], DONE]
    with ScriptedLlm(chat=[stream(*without_usage)]) as llm:
        status, out, _ = doctor(llm.base_url, "--json")

    found = json.loads(out)
    (usage,) = [check for check in found["checks"] if check["id"] == "S11"]
    assert (status, found["verdict"], usage["verdict"]) == (0, "warn", "warn")
    assert usage["next_step"]
    assert "S11" in found["summary"]


def test_a_model_that_is_not_served_says_how_to_name_another(doctor: Doctor) -> None:
    with ScriptedLlm(chat=[refuse(404, "no such model")], models=listing("another")) as llm:
        _, out, _ = doctor(llm.base_url, "--model", MODEL)

    assert "--model <name>" in out
    assert "pulumi" not in out


# What is chosen for the asker


def test_the_only_listed_model_is_taken_and_said(doctor: Doctor) -> None:
    with healthy() as llm:
        _, out, _ = doctor(llm.base_url)

    assert out.startswith(f"model: {MODEL}, the only one listed\n")


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (("a", "b"), "The server lists 2 models: a, b."),
        ((), "The server lists no model there; most want /v1 at the end of the URL."),
        (tuple(f"m{number}" for number in range(20)), "m7 and 12 more."),
    ],
)
def test_without_a_name_one_of_several_models_is_not_guessed(doctor: Doctor, listed: Sequence[str], said: str) -> None:
    with healthy(models=listing(*listed)) as llm:
        status, out, err = doctor(llm.base_url, "--json")

    assert (status, out) == (2, "")
    assert said in err
    assert "--model NAME" in err


def test_a_list_withheld_from_a_wrong_token_is_a_failed_check_and_no_wrong_question(doctor: Doctor) -> None:
    with healthy(models=refuse(401, "wrong key")) as llm:
        status, out, _ = doctor(llm.base_url, token=TOKEN)

    assert status == 1
    assert "next: Set the token this endpoint accepts: `export LLM_TOKEN=<token>`." in out


OWNED_BY = {owner: {"data": [{"id": MODEL, "owned_by": owner}]} for owner in ("vllm", "llamacpp", "sglang")}
INFO = {"model_id": MODEL, "max_total_tokens": 2048, "max_best_of": 2, "version": "3.3.7"}


@pytest.mark.parametrize(
    ("engine", "server"),
    [
        ("vllm", {"models": answer(200, OWNED_BY["vllm"])}),
        ("llama.cpp", {"models": answer(200, OWNED_BY["llamacpp"])}),
        ("sglang", {"models": answer(200, OWNED_BY["sglang"])}),
        ("llama.cpp", {"routes": {"/props": answer(200, {"default_generation_settings": {}, "total_slots": 1})}}),
        ("ollama", {"routes": {"/api/version": answer(200, {"version": "0.24.0"})}}),
        ("tgi", {"routes": {"/info": answer(200, INFO)}}),
        ("litellm", {"routes": {"/health/liveliness": answer(200, "I'm alive!")}}),
        ("other", {}),
        (
            "other",
            {
                "routes": {
                    "/info": answer(200, ["no object"]),
                    "/props": answer(500, {}),
                    "/api/version": answer(200, {"version": 1}),
                }
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_engine_is_told_by_what_the_server_says_of_itself(
    doctor: Doctor, engine: str, server: Mapping[str, Any]
) -> None:
    with healthy(**server) as llm:
        _, out, _ = doctor(llm.base_url, "--json", "--timeout-s", "10")

    found = json.loads(out)
    assert found["engine"] == engine
    assert found["notes"][1].startswith(f"engine: {engine}, ")


def test_a_provider_is_known_by_its_host_and_never_asked_what_it_is() -> None:
    urls = [
        "https://api.openai.com/v1",
        "https://res.openai.azure.com/openai/v1",
        "https://api.groq.com/openai/v1",
        "https://openrouter.ai/api/v1",
    ]
    others = ["https://api.openai.com.example.org/v1", "https://evilapi.openai.com/v1", "http://api.openai.com/v1"]
    assert [found.engine for url in urls if (found := hosted(url))] == ["hosted"] * len(urls)
    assert [url for url in others if hosted(url)] == []


# Questions that cannot be asked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["not-a-url"], "The URL does not start with https://"),
        (["http://user:pass@127.0.0.1/v1"], "holds a user name or password"),
        (["http://127.0.0.1:99999/v1"], "is not a URL"),
        (["http://127.0.0.1/v1?key=abc"], "holds '?' or '#'"),
        (["http://127.0.0.1/v1", "--timeout-s", "nan"], "is no time to wait"),
        (["http://127.0.0.1/v1", "--timeout-s", "soon"], "is no time to wait"),
        (["http://127.0.0.1/v1", "--system-prompt-bytes", "-1"], "is no number of bytes"),
        (["http://127.0.0.1/v1", "--system-prompt-bytes", "1000000000000"], "is no number of bytes up to 4,000,000"),
        (["http://127.0.0.1/v1", "--engine", "olama"], "invalid choice"),
        (["http://127.0.0.1/v1", "--engine", "ollama", "--hosted"], "not allowed with"),
        (["--tools"], "Run: python -m components doctor URL"),
        (["http://127.0.0.1/v1", "--live"], "two checks"),
    ],
)
def test_a_wrong_question_is_status_2_with_nothing_on_stdout(doctor: Doctor, words: list[str], said: str) -> None:
    status, out, err = doctor(*words)

    assert (status, out) == (2, "")
    assert said in err
    assert "pass@" not in err


@pytest.mark.parametrize("token", [f"{TOKEN}\n", "sk-größe"])
def test_a_token_that_no_header_can_carry_is_a_wrong_question_and_is_not_shown(doctor: Doctor, token: str) -> None:
    status, out, err = doctor("http://127.0.0.1:9/v1", token=token)

    assert (status, out) == (2, "")
    assert "LLM_TOKEN holds a character" in err
    assert token.strip() not in err


# Endpoints that cannot be asked


def test_a_server_that_is_still_loading_is_status_3_and_unknown(doctor: Doctor) -> None:
    loading = refuse(503, "Loading model")
    with ScriptedLlm(chat=[loading], models=loading) as llm:
        status, out, _ = doctor(llm.base_url, "--timeout-s", "1", "--json")

    found = json.loads(out)
    assert (status, found["verdict"], found["model"]) == (3, "unknown", None)
    assert found["checks"][0]["verdict"] == "unknown"
    assert "HTTP 503 Loading model" in found["checks"][0]["detail"]
    assert "--timeout-s 2" in found["checks"][0]["next_step"]


def test_nobody_at_that_address_is_status_3(doctor: Doctor) -> None:
    with healthy(closed=True) as llm:
        status, out, _ = doctor(llm.base_url, "--model", MODEL, "--timeout-s", "1")

    assert status == 3
    assert "connection refused" in out.splitlines()[-1]


def test_a_server_that_is_busy_is_status_3(doctor: Doctor) -> None:
    with ScriptedLlm(chat=[refuse(429, "slow down", Retry_After="600")]) as llm:
        status, out, _ = doctor(llm.base_url, "--engine", "other")

    assert status == 3
    assert "Run this again in 600 s." in out


def test_a_hosted_endpoint_is_asked_once(doctor: Doctor) -> None:
    with ScriptedLlm(chat=[refuse(503, "overloaded")]) as llm:
        status, _, _ = doctor(llm.base_url, "--hosted")

        assert (status, len(llm.chats())) == (3, 1)


def test_every_verdict_has_its_exit_status() -> None:
    assert STATUS_OF == {"pass": 0, "warn": 0, "fail": 1, "unknown": 3}


# Hostile servers


@pytest.mark.parametrize("how", [[], ["--json"]])
@pytest.mark.parametrize(
    "server",
    [
        {"chat": [stream(chunk(SMUGGLED + TOKEN), *COUNTING)]},
        {"chat": [refuse(400, SMUGGLED + TOKEN)]},
        {"chat": [refuse(503, SMUGGLED + TOKEN)]},
        {"chat": [stream(event({"error": {"message": SMUGGLED + TOKEN}}), DONE)]},
        {"chat": [stream()], "models": refuse(401, SMUGGLED + TOKEN)},
        {"chat": [stream()], "models": listing(SMUGGLED + TOKEN, MODEL)},
        {"chat": [stream()], "models": listing(SMUGGLED + TOKEN)},
        {"chat": [stream()], "routes": {"/api/version": answer(200, {"version": SMUGGLED + TOKEN})}},
        {"chat": [stream()], "routes": {"/health/liveliness": answer(200, SMUGGLED + TOKEN)}},
    ],
)
def test_neither_the_token_nor_a_control_character_reaches_the_terminal(
    doctor: Doctor, how: list[str], server: Mapping[str, Any]
) -> None:
    with ScriptedLlm(**server) as llm:
        _, out, err = doctor(llm.base_url, "--timeout-s", "3", *how, token=TOKEN)

    said = out + err
    assert [run for run in (TOKEN, TOKEN[7:20]) if run in said] == []
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said) == []
    assert "forged   pass" not in said
    assert len(said) < 20_000


def test_json_is_all_that_stands_on_stdout(doctor: Doctor) -> None:
    with healthy() as llm:
        _, out, err = doctor(llm.base_url, "--json")

    assert set(json.loads(out)) >= {"base_url", "model", "engine", "verdict", "summary", "checks", "ttft_s"}
    assert "transport" in err


def test_the_real_command_takes_its_token_from_the_environment() -> None:
    with healthy() as llm:
        done = subprocess.run(
            [sys.executable, "-m", "components", "doctor", llm.base_url, "--json"],
            cwd=PROJECT,
            env={**os.environ, "LLM_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert {asked.headers.get("authorization") for asked in llm.chats()} >= {f"Bearer {TOKEN}"}
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"] in {"pass", "warn"}
    assert "Traceback" not in done.stderr

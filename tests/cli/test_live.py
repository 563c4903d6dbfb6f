"""`doctor --live` as a person and as CI run it."""

import argparse
import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.cli.live import add_arguments, live
from tests.fixtures.live_check import (
    COLLEAGUES_NAME,
    COLLEAGUES_PROMPT,
    COLLEAGUES_TOKEN,
    everything,
    settle_colleagues,
)
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.scripted_trugen import Fault, ScriptedTrugen, scripted_trugen

PROJECT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    """Standard input that somebody types on."""

    def isatty(self) -> bool:
        return True


def doctor(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return live(parser.parse_args(words))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUGEN_API_KEY", API_KEY)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))


def test_it_prints_every_row_with_its_evidence_and_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer(tmp_path) as sandbox:
        status = doctor("--live", "--api-url", sandbox.api_url)

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert [f"{n:>2}" for n in range(1, 35)] == [line[:2] for line in lines[:-1] if line[:2].strip()]
    assert lines[-1] == "2 confirmed, 1 refuted, 31 unknown, 7 calls"


def test_what_is_refuted_says_what_to_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SandboxServer(tmp_path, placement="flat") as sandbox:
        status = doctor("--live", "--write", "--yes", "--api-url", sandbox.api_url)

    said = capsys.readouterr().out
    assert status == 0
    assert "know: set `placement: flat` on every agent" in said
    assert " 1  refuted    placement" in said


@pytest.mark.parametrize("words", [["--live"], ["--live", "--write", "--yes"]])
def test_no_key_token_prompt_or_name_of_somebody_else_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    settle_colleagues(tmp_path)
    with SandboxServer(tmp_path, llm_secrets="shown", unknown_fields="keep") as sandbox:
        doctor(*words, "--api-url", sandbox.api_url)

    said = "".join(capsys.readouterr())
    assert [
        secret for secret in (API_KEY, COLLEAGUES_NAME, COLLEAGUES_PROMPT, COLLEAGUES_TOKEN) if secret in said
    ] == []


def test_a_check_that_writes_asks_before_and_refuses_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer(tmp_path) as sandbox:
        before = everything(tmp_path)
        status = doctor("--live", "--write", "--api-url", sandbox.api_url)

        assert before == everything(tmp_path)
    assert (status, "there is no terminal" in capsys.readouterr().err) == (2, True)


def test_a_typed_yes_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    with SandboxServer(tmp_path) as sandbox:
        status = doctor("--live", "--write", "--api-url", sandbox.api_url)

    said = capsys.readouterr().out
    assert (status, everything(tmp_path)) == (0, [])
    assert "this makes one agent, 'trugen-llm live check" in said
    assert said.endswith("18 calls\n")


@pytest.mark.parametrize("typed", ["y\n", "no\n", "\n"])
def test_anything_else_typed_does_not_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    with SandboxServer(tmp_path) as sandbox:
        status = doctor("--live", "--write", "--api-url", sandbox.api_url)

    assert (status, everything(tmp_path)) == (2, [])
    assert "nothing was made" in capsys.readouterr().err


def test_an_agent_left_behind_is_shown_after_the_verdicts_and_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("components.live.throwaway.PAUSES_S", (0.0, 0.0))
    with scripted_trugen() as trugen:
        monkeypatch.setenv("TRUGEN_API_KEY", trugen.key)
        trugen.faults = [Fault("DELETE", status=500)] * 3

        status = doctor("--live", "--write", "--yes", "--api-url", trugen.url)

    said = capsys.readouterr()
    assert (status, " 9  confirmed" in said.out) == (1, True)
    assert "agent-0001 could not be deleted" in said.err
    assert trugen.key not in "".join(said)


def test_an_api_that_cannot_be_asked_is_a_failure(capsys: pytest.CaptureFixture[str], unused_url: str) -> None:
    assert doctor("--live", "--api-url", unused_url) == 1
    assert "Cannot reach 127.0.0.1" in capsys.readouterr().err


def test_without_a_key_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("TRUGEN_API_KEY")

    assert doctor("--live", "--api-url", "http://127.0.0.1:9/v1") == 1
    assert "export TRUGEN_API_KEY=..." in capsys.readouterr().err


def test_the_key_goes_over_plain_http_to_this_machine_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--live", "--api-url", "http://api.example.com/v1") == 1
    assert "would send the key unencrypted" in capsys.readouterr().err


def test_to_write_belongs_to_the_live_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--write") == 2
    assert "python -m components doctor --live" in capsys.readouterr().err


@pytest.fixture
def unused_url() -> str:
    with scripted_trugen() as gone:
        assert isinstance(gone, ScriptedTrugen)
    return gone.url


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_real_run_that_is_ended_early_leaves_no_agent(tmp_path: Path, number: signal.Signals) -> None:
    with SandboxServer(tmp_path, latency_s=0.05) as sandbox:
        words = ["doctor", "--live", "--write", "--yes", "--api-url", sandbox.api_url]
        with subprocess.Popen(
            [sys.executable, "-m", "components", *words], cwd=PROJECT, stderr=subprocess.PIPE, text=True
        ) as run:
            deadline_s = time.monotonic() + 30
            while not sandbox.agents() and time.monotonic() < deadline_s:
                time.sleep(0.01)
            run.send_signal(number)
            _, said = run.communicate(timeout=30)

        assert (run.returncode, sandbox.agents()) == (130, [])
    assert "no agent 'trugen-llm live check" in said

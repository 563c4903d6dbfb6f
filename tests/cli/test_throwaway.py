"""What a stranger's stack file becomes before it is checked: no secret, no real TruGen."""

import re
from pathlib import Path
from typing import Any

import pytest

from components.cli import engine, throwaway
from components.cli.throwaway import sandboxed
from components.llm.gateway.tunnel import CONNECTORS

SECURE = {"secure": "v1:CANARY:ciphertext"}


def of(config: dict[str, Any], llms: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    return sandboxed({f"trugen-llm:{key}": value for key, value in config.items()}, llms or {}, 4711)


def test_the_real_trugen_becomes_a_sandbox() -> None:
    plain, _ = of({"trugen": {"apiUrl": "https://api.trugen.ai/v1"}})

    assert plain["trugen-llm:trugen"] == {"sandbox": {"port": 4711}}


def test_the_key_of_trugen_goes_and_every_other_secret_gets_a_stand_in() -> None:
    headers = {"tools": {"rooms": {"X-Key": SECURE}}}

    plain, confidential = of({"trugenApiKey": SECURE, "llmTokens": {"main": SECURE}, "secretHeaders": headers})

    assert set(confidential) == {
        'trugen-llm:llmTokens["main"]',
        'trugen-llm:secretHeaders["tools"]["rooms"]["X-Key"]',
    }
    assert "CANARY" not in repr((plain, confidential))


@pytest.mark.parametrize(
    ("llm", "path"),
    [
        ({"engine": "hosted"}, 'trugen-llm:llmTokens["main"]'),
        ({"engine": "anthropic"}, 'trugen-llm:providerKeys["main"]'),
        ({"engine": "ollama", "gateway": {"tunnel": {"kind": "ngrok"}}}, 'trugen-llm:tunnelTokens["main"]'),
    ],
)
def test_a_secret_that_nobody_could_store_yet_does_not_stop_the_check(llm: dict[str, Any], path: str) -> None:
    assert list(of({}, {"main": llm})[1]) == [path]


@pytest.mark.parametrize("kind", CONNECTORS)
def test_the_stand_in_of_a_tunnel_looks_like_its_vendors_token(kind: str) -> None:
    (token,) = of({}, {"main": {"engine": "ollama", "gateway": {"tunnel": {"kind": kind}}}})[1].values()

    assert CONNECTORS[kind].token.fullmatch(token)


def test_no_two_stand_ins_are_alike() -> None:
    _, confidential = of({"llmTokens": {"main": SECURE, "other": SECURE}})

    assert len(set(confidential.values())) == 2
    assert all(re.fullmatch(r"[0-9a-f]{96}", token) for token in confidential.values())


@pytest.mark.parametrize("llm", ["a text", None, {"gateway": "nonsense"}, {"gateway": {"tunnel": []}}])
def test_a_file_that_says_nonsense_is_left_to_the_program(llm: Any) -> None:
    assert of({}, {"main": llm})[1] == {}


def test_the_copy_of_a_stack_file_says_what_pulumi_reads_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stacks").mkdir()
    for part in ("Pulumi.yaml", "__main__.py"):
        (tmp_path / part).touch()
    (tmp_path / "stacks" / "Pulumi.trial.yaml").write_text("config: {trugen-llm:llms: {main: {gpu: off}}}")
    monkeypatch.setattr(engine, "PROJECT", tmp_path)
    monkeypatch.setattr(throwaway, "_quietly", lambda *_: None)  # Pulumi itself is not there

    with throwaway.project("trial") as (folder, _):
        copied = (folder / "stacks" / "Pulumi.trial.yaml").read_text()

    assert "gpu: 'off'" in copied

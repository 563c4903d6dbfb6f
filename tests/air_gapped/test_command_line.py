import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def environment_of(stack: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **given: str) -> str:
    monkeypatch.setenv("TRUGEN_LLM_CACHE", str(folder / "cache"))
    monkeypatch.setenv("TRUGEN_LLM_STATE", str(folder / "state"))
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "air_gapped", "env", "--stack", stack]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


def test_the_local_stack_is_opened_with_its_public_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = environment_of("local", tmp_path, monkeypatch)

    assert "export PULUMI_CONFIG_PASSPHRASE=trugen-local-sandbox" in lines


def test_no_other_stack_is_ever_encrypted_with_the_public_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "PASSPHRASE" not in environment_of("staging", tmp_path, monkeypatch)


def test_a_passphrase_of_the_users_own_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PASSPHRASE" not in environment_of("local", tmp_path, monkeypatch, PULUMI_CONFIG_PASSPHRASE="mine")


def test_state_of_stacks_stays_on_this_machine_unless_a_backend_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = environment_of("local", tmp_path, monkeypatch)
    theirs = environment_of("local", tmp_path, monkeypatch, PULUMI_BACKEND_URL="s3://bucket")

    assert f"export PULUMI_BACKEND_URL=file://{tmp_path}/state/stacks" in own
    assert "export PULUMI_BACKEND_URL=s3://bucket" in theirs

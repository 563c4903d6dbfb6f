"""What becomes of a run that Pulumi refuses for a lock. Pulumi is scripted here: it prints what it was seen to."""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.cli import turns
from components.cli.engine import EngineError, LockedError
from tests.cli.test_locks import pid_of_the_dead

Pulumi = Callable[..., Path]


def refusal(pid: int, host: str, age: timedelta) -> str:
    """As 3.259 prints it for an S3 backend."""
    taken_at = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the"
        " lock file with `pulumi cancel`.\n"
        f"  s3://stacks/.pulumi/locks/organization/trugen-llm/dev/da92.json?region=x: created by ada@{host}"
        f" (pid {pid}) at {taken_at}\n"
    )


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulumi:
    """A program of that name that refuses with these texts, one after the other, then succeeds; and its diary."""

    def scripted(*refusals: str) -> Path:
        folder, diary = tmp_path / "bin", tmp_path / "diary"
        folder.mkdir()
        for number, text in enumerate(refusals, 1):
            (tmp_path / f"refusal-{number}").write_text(text)
        program = folder / "pulumi"
        program.write_text(
            f'#!/bin/sh\necho "$@" >> {diary}\nsaid={tmp_path}/refusal-$(wc -l < {diary})\n'
            '[ -e "$said" ] || exit 0\ncat "$said" >&2\nexit 1\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return diary

    return scripted


def up(pauses: list[float] | None = None) -> None:
    turns.take("up", stack="dev", sleep=(pauses if pauses is not None else []).append, draw=lambda low, _: low)


def test_two_runs_that_refused_each_other_try_once_more(pulumi: Pulumi, capsys: pytest.CaptureFixture[str]) -> None:
    diary = pulumi(refusal(4711, "ci-7", timedelta(seconds=1)))
    pauses: list[float] = []

    up(pauses)

    assert diary.read_text().splitlines() == ["up --stack dev"] * 2
    assert pauses == [1.0]
    assert "process 4711 of ada on ci-7" in capsys.readouterr().err


def test_a_run_that_failed_over_a_lock_given_back_meanwhile_tries_once_more(pulumi: Pulumi) -> None:
    """As lock.go and gocloud.dev put it: the lock was listed, and gone when it was read."""
    gone = 'blob (key ".pulumi/locks/organization/trugen-llm/dev/da92.json") (code=NotFound): key not found'
    diary = pulumi(f"error: {gone}\n")

    up()

    assert len(diary.read_text().splitlines()) == 2


def test_a_run_that_is_refused_again_gives_up_and_says_for_whom(pulumi: Pulumi) -> None:
    diary = pulumi(*[refusal(4711, "ci-7", timedelta(seconds=1))] * 2)

    with pytest.raises(LockedError, match="process 4711 of ada on ci-7, since"):
        up()

    assert len(diary.read_text().splitlines()) == 2


def test_a_lock_that_has_stood_for_a_while_is_not_tried_again(pulumi: Pulumi) -> None:
    diary = pulumi(refusal(4711, "ci-7", timedelta(minutes=3)))

    with pytest.raises(LockedError):
        up()

    assert len(diary.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("pid", "host", "step"),
    [
        (os.getpid(), socket.gethostname(), "is at work: wait"),
        (pid_of_the_dead(), socket.gethostname(), "is dead: pulumi cancel --yes --stack dev"),
        (4711, "ci-7", "look on ci-7 whether that process runs"),
    ],
    ids=["living", "dead", "elsewhere"],
)
def test_whoever_is_refused_reads_what_to_type_next(pulumi: Pulumi, pid: int, host: str, step: str) -> None:
    pulumi(refusal(pid, host, timedelta(minutes=3)))

    with pytest.raises(LockedError) as refused:
        up()

    assert step in str(refused.value)
    assert "nothing was changed" in str(refused.value)
    assert refused.value.status == 1


def test_another_failure_is_told_as_one_and_not_tried_again(pulumi: Pulumi) -> None:
    diary = pulumi("error: no such bucket\n")

    with pytest.raises(EngineError, match="`pulumi up --stack dev` ended with status 1") as failed:
        up()

    assert not isinstance(failed.value, LockedError)
    assert len(diary.read_text().splitlines()) == 1

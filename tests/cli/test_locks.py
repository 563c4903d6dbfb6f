import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from components.cli.locks import locks, remove_dead

STACK = "local"


@pytest.fixture
def lock_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "trugen-llm" / STACK
    folder.mkdir(parents=True)
    return folder


def leave_lock(folder: Path, pid: int, host: str) -> Path:
    path = folder / "f00d.json"
    content = {"pid": pid, "hostname": host, "username": "ada", "timestamp": "2026-11-23T21:00:00Z"}
    path.write_text(json.dumps(content))
    return path


def pid_of_the_dead() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_the_lock_of_a_dead_run_on_this_host_is_removed(lock_folder: Path) -> None:
    path = leave_lock(lock_folder, pid_of_the_dead(), socket.gethostname())

    remove_dead(STACK)

    assert not path.exists()


def test_the_lock_of_a_living_run_stays(lock_folder: Path) -> None:
    path = leave_lock(lock_folder, os.getpid(), socket.gethostname())

    assert remove_dead(STACK) == []
    assert path.exists()


def test_the_lock_of_another_host_stays_whatever_its_pid(lock_folder: Path) -> None:
    path = leave_lock(lock_folder, pid_of_the_dead(), "somewhere-else")

    assert remove_dead(STACK) == []
    assert path.exists()


def test_a_lock_tells_who_holds_it(lock_folder: Path) -> None:
    leave_lock(lock_folder, 42, "ci-7")

    assert [str(lock) for lock in locks(STACK)] == ["process 42 of ada on ci-7, since 2026-11-23T21:00:00Z"]


def test_a_backend_that_is_no_folder_has_no_locks_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")

    assert locks(STACK) == []

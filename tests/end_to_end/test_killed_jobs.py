"""A run is killed with SIGKILL in the middle of its work: what `doctor` says of it, and the way back."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import docker
import pytest

from air_gapped.pins import PYTHON_IMAGE
from tests.fixtures import backends, fault_acts
from tests.fixtures.backends import Backend
from tests.fixtures.fault_acts import Hold
from tests.fixtures.fault_proxy import FaultProxy, Rule, fault_proxy
from tests.fixtures.pulumi_project import Result
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import LLM_TOKEN, Declared, SmallStack

HERE = socket.gethostname()


class Job:
    """A stack with one agent, and runs of it that are killed after TruGen made the agent and before anybody heard."""

    def __init__(self, folder: Path, proxy: FaultProxy, sandbox: SandboxServer, backend: Backend) -> None:
        self.stack = SmallStack(folder, "job", proxy.api_url, API_KEY, backend.environment())
        self.sandbox = sandbox
        self._proxy = proxy
        self.stack.declare([Declared("agent", "ada", {"agent_name": "ada", "persona_prompt": "You are."})])

    def hold(self) -> Hold:
        """The next agent that is made stands here; its maker has not heard of it."""
        hold = Hold()
        self._proxy.rules = [Rule("POST", fault_acts.hold_after(hold), r"/ext/agent$")]
        return hold

    def killed(self) -> int:
        """The pid that is no more."""
        hold = self.hold()
        with self.stack.start("up") as run:
            hold.wait()
            run.kill_all()
        hold.drop()
        self._proxy.settle()
        self._proxy.calm()
        return run.process.pid

    def doctor(self) -> Result:
        result = self.stack.components("doctor")
        assert [secret for secret in (API_KEY, LLM_TOKEN) if secret in result.printed] == []
        return result

    def there(self) -> list[str]:
        return [one["id"] for one in self.sandbox.agents()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Path, FaultProxy, SandboxServer]]:
    with SandboxServer(tmp_path) as sandbox, fault_proxy(sandbox.root) as proxy:
        yield tmp_path / "project", proxy, sandbox


@pytest.fixture
def job(tmp_path: Path, world: tuple[Path, FaultProxy, SandboxServer]) -> Iterator[Job]:
    with backends.folder(tmp_path) as backend:
        yield Job(*world, backend)


def test_doctor_names_owner_unfinished_work_and_orphan_and_the_same_command_heals(job: Job) -> None:
    pid = job.killed()

    sick = job.doctor()
    up = job.stack.components("up")
    cleared = job.stack.pulumi("refresh", "--yes", "--clear-pending-creates")
    healthy = job.doctor()

    (made,) = job.there()
    assert sick.status == 1
    assert re.search(rf"fault    stack lock +left by a run that is dead: process {pid} of \S+ on {HERE}", sick.printed)
    assert "next: pulumi cancel --yes --stack job" in sick.printed
    assert re.search(r"fault    unfinished +creating ada: begun by a run that was killed", sick.printed)
    assert f"agent ada        {made} is there and the state does not know it" in sick.printed
    assert "next: python -m components up --stack job" in sick.printed
    assert (up.status, cleared.status) == (0, 0), up.printed + cleared.printed
    assert f"removed the lock of a run that is dead: process {pid}" in up.printed
    assert job.stack.outputs()["agents"]["ada"]["id"] == made
    assert not re.search(r"stack lock|unfinished|orphan|twin", healthy.printed), healthy.printed


@pytest.mark.parametrize("backend", [backends.postgres, backends.bucket], ids=lambda backend: str(backend.__name__))
def test_where_locks_are_no_files_the_refused_run_reads_that_their_owner_is_dead_and_how_to_remove_it(
    backend: Callable[[Path], AbstractContextManager[Backend]],
    tmp_path: Path,
    world: tuple[Path, FaultProxy, SandboxServer],
) -> None:
    with backend(tmp_path) as kept:
        job = Job(*world, kept)
        pid = job.killed()

        sick = job.doctor()
        refused = job.stack.components("up")
        plan = job.stack.pulumi("preview")
        cancelled = job.stack.pulumi("cancel", "--yes", "--stack", "job")
        up = job.stack.components("up")

        (made,) = job.there()
        assert re.search(r"unknown  stack lock +(postgres|s3): only Pulumi can look", sick.printed), sick.printed
        assert re.search(
            r"unknown  unfinished +creating ada: by a run at work, or by one that was killed", sick.printed
        )
        assert refused.status == 1
        assert re.search(
            rf"process {pid} of \S+ on {HERE}, since \S+: that process is dead: pulumi cancel --yes --stack job",
            refused.printed,
        )
        assert (plan.status, cancelled.status, up.status) == (0, 0, 0), plan.printed + cancelled.printed + up.printed
        assert job.stack.outputs()["agents"]["ada"]["id"] == made


def test_doctor_names_a_twin_of_an_agent_and_how_to_delete_it(job: Job) -> None:
    assert job.stack.components("up").status == 0
    (ada,) = job.sandbox.agents()
    copied = {key: value for key, value in ada.items() if key not in {"id", "created_at", "updated_at"}}
    answer = job.sandbox.call("POST", "/ext/agent", copied)
    assert answer.ok, answer.text
    twin = answer.json()["id"]

    sick = job.doctor()
    job.sandbox.call("DELETE", f"/ext/agent/{twin}")
    healthy = job.doctor()

    assert sick.status == 1
    assert f"agent ada        {twin} is a twin that the state does not know" in sick.printed
    assert f"/ext/agent/{twin}" in sick.printed
    assert twin not in healthy.printed


def test_a_container_with_the_labels_of_the_stack_that_the_state_does_not_know_is_named(
    job: Job, engine: docker.DockerClient
) -> None:
    labels = {"trugen-llm.project": "trugen-llm", "trugen-llm.stack": "job", "trugen-llm.llm": "main"}
    assert job.stack.components("up").status == 0
    stray = engine.containers.create(PYTHON_IMAGE, name=f"trugen-llm-job-{secrets.token_hex(3)}", labels=labels)
    try:
        sick = job.doctor()
    finally:
        stray.remove()

    assert sick.status == 1
    assert f"{stray.name} is there and the state does not know it" in sick.printed
    assert f"docker rm -f {stray.name}" in sick.printed


@pytest.mark.usefixtures("ctrl_c")
def test_a_run_that_is_interrupted_ends_what_it_began_and_gives_its_lock_back(job: Job, tmp_path: Path) -> None:
    hold = job.hold()
    with subprocess.Popen(
        [sys.executable, "-m", "components", "up", "--stack", "job"],
        cwd=job.stack.folder,
        env=job.stack.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        hold.wait()
        # As a terminal does: every process of the foreground gets it.
        os.killpg(process.pid, signal.SIGINT)
        hold.release()
        printed, _ = process.communicate(timeout=60)

    assert "Interrupted; run the same command again" in printed, printed
    assert not list(tmp_path.glob("backend/.pulumi/locks/**/*.json"))
    assert job.stack.components("up").status == 0
    assert len(job.there()) == 1

"""Two runs of the same stack at once: on one backend, and on two that do not know of each other."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.fixtures import backends, fault_acts
from tests.fixtures.backends import Backend
from tests.fixtures.fault_acts import Hold
from tests.fixtures.fault_proxy import FaultProxy, Rule, fault_proxy
from tests.fixtures.pulumi_project import Result
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import Declared, SmallStack

NAMES = ("ada", "bo")
LIMIT_S = 120


class Pipelines:
    """Checkouts of one stack, as two runners have them, that make agents in one workspace."""

    def __init__(self, folder: Path, sandbox: SandboxServer, proxy: FaultProxy) -> None:
        self._folder, self._proxy = folder, proxy
        self.sandbox = sandbox

    def checkout(self, name: str, backend: Backend, *agents: str) -> SmallStack:
        stack = SmallStack(self._folder / name, "shared", self._proxy.api_url, API_KEY, backend.environment())
        documents = {one: {"agent_name": one, "persona_prompt": f"You are {one}."} for one in agents}
        stack.declare([Declared("agent", one, document) for one, document in documents.items()])
        return stack

    def hold_first_agents(self, count: int) -> Hold:
        """Whoever makes one of them stands still, its lock in its hands, until this is released."""
        hold = Hold()
        self._proxy.rules = [Rule("POST", fault_acts.hold_before(hold), r"/ext/agent$", times=count)]
        return hold

    def there(self) -> list[str]:
        return sorted(one["agent_name"].partition(" ")[0] for one in self.sandbox.agents())


@pytest.fixture
def pipelines(tmp_path: Path) -> Iterator[Pipelines]:
    with SandboxServer(tmp_path) as sandbox, fault_proxy(sandbox.root) as proxy:
        yield Pipelines(tmp_path, sandbox, proxy)


@contextmanager
def up(stack: SmallStack) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "components", "up", "--stack", stack.stack]
    with subprocess.Popen(
        command,
        cwd=stack.folder,
        env=stack.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> Result:
    printed, _ = process.communicate(timeout=LIMIT_S)
    return Result(process.returncode, printed)


def at_once(stacks: list[SmallStack], hold: Hold) -> tuple[Result, Result]:
    """Start both; returns what became of the one that ended while the other stood at *hold*, then of that other."""
    with up(stacks[0]) as first, up(stacks[1]) as second, ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(ended, process) for process in (first, second)]
        hold.wait()
        done, at_work = wait(runs, return_when=FIRST_COMPLETED)
        hold.release()
        return done.pop().result(), at_work.pop().result()


@pytest.mark.parametrize("backend", backends.ALL, ids=lambda backend: str(backend.__name__))
def test_of_two_runs_at_once_one_deploys_and_the_other_is_told_for_whom_it_was_refused(
    backend: Callable[[Path], AbstractContextManager[Backend]], pipelines: Pipelines, tmp_path: Path
) -> None:
    with backend(tmp_path) as kept:
        stacks = [pipelines.checkout(name, kept, *NAMES) for name in ("first", "second")]
        shutil.copy2(stacks[0].folder / "Pulumi.shared.yaml", stacks[1].folder)
        refused, won = at_once(stacks, pipelines.hold_first_agents(1))
        again = [stack.components("up") for stack in stacks]

    assert won.status == 0, won.printed
    assert refused.status == 1
    assert re.search(r"process \d+ of \S+ on \S+, since \S+: that process is at work: wait", refused.printed)
    assert "Then run the same command again" in refused.printed
    assert pipelines.there() == sorted(NAMES)
    assert [run.status for run in again] == [0, 0], again[0].printed + again[1].printed
    assert all("6 unchanged" in run.printed for run in again), again[0].printed


def test_two_backends_that_do_not_know_of_each_other_make_one_agent_and_the_later_run_withdraws(
    pipelines: Pipelines, tmp_path: Path
) -> None:
    folders = [tmp_path / "of-one", tmp_path / "of-the-other"]
    for one in folders:
        one.mkdir()
    with backends.folder(folders[0]) as of_one, backends.folder(folders[1]) as of_other:
        stacks = [pipelines.checkout("first", of_one, "ada"), pipelines.checkout("second", of_other, "ada")]
        hold = pipelines.hold_first_agents(2)
        with up(stacks[0]) as first, up(stacks[1]) as second, ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(ended, process) for process in (first, second)]
            # Both have searched and found nothing; both POST.
            hold.wait(2)
            hold.release()
            won, withdrew = sorted((run.result() for run in runs), key=lambda result: result.status)
        made = [one["id"] for one in pipelines.sandbox.agents()]
        again = [stack.components("up") for stack in stacks]
        managed = {stack.outputs()["agents"]["ada"]["id"] for stack in stacks}

    assert (won.status, withdrew.status) == (0, 1), won.printed
    assert re.search(r"Another run created 'ada \[\w{8}\]' at the same time", withdrew.printed), withdrew.printed
    assert "Let the other run finish, then run" in withdrew.printed
    assert len(made) == 1
    assert [run.status for run in again] == [0, 0], again[0].printed + again[1].printed
    # Both now manage the same agent: no copy, and a destroy of one takes it from the other (docs/state.md).
    assert managed == set(made) == {one["id"] for one in pipelines.sandbox.agents()}

"""
The real CLI is broken off at every point of a stack's life: created, edited, destroyed. The same command once more, and
TruGen holds exactly one object for each declared one.

A stack with two objects of every kind lives through three interruptions.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.cli import locks, state_files
from tests.fixtures import all_kinds
from tests.fixtures.broken_off import Run, end
from tests.fixtures.fault_acts import Hold
from tests.fixtures.fault_kinds import ObjectKind
from tests.fixtures.fault_proxy import FaultProxy, fault_proxy
from tests.fixtures.fault_table import CALLS
from tests.fixtures.interruptions import POINTS, Point
from tests.fixtures.pulumi_project import Result
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import LLM_TOKEN, Declared, SmallStack
from tests.fixtures.trial_report import Trial, TrialReport

KINDS = tuple(kind for kind in all_kinds.KINDS if kind.document)
NAMES = ("ada", "bo")
# So many calls of one verb stand at the proxy when the run is broken off; the others are anywhere.
HELD_AT_ONCE = 3
# When every object of a stack has gone, a destroy that was broken off looks like a wrong key.
NEXT_STEP = re.compile(r"destroy --refresh=false")
BY_NAME = {point.name: point for point in POINTS}
Break = Callable[[Run, Hold, Point, FaultProxy], Result | None]


def kill_all(run: Run, hold: Hold, point: Point, proxy: FaultProxy) -> None:
    run.kill_all()
    point.leave(hold)
    proxy.settle()


def kill_a_run_that_writes_its_state_once(run: Run, hold: Hold, point: Point, proxy: FaultProxy) -> None:
    """As `make up` runs a stack of many agents: what the run did stands in no state."""
    kill_all(run, hold, point, proxy)


def kill_the_cli_alone(run: Run, hold: Hold, _: Point, proxy: FaultProxy) -> None:
    """Its provider process does not notice: it finishes what it was told to do."""
    left = run.kill_cli()
    hold.release()
    proxy.settle(quiet_s=1.0)
    end(left)


def kill_the_provider(run: Run, hold: Hold, point: Point, proxy: FaultProxy) -> Result:
    run.kill_providers()
    point.leave(hold)
    proxy.settle()
    return run.result()


def interrupt_once(run: Run, hold: Hold, _: Point, proxy: FaultProxy) -> Result:
    run.interrupt()
    run.wait_for("^C received")
    hold.release()
    proxy.settle()
    return run.result()


def kill_before_the_state_is_written(run: Run, hold: Hold, _: Point, proxy: FaultProxy) -> None:
    """The provider's answer lies in the socket of a CLI that stands still, and is never read."""
    run.stop()
    hold.release()
    proxy.settle(quiet_s=1.0)
    run.kill_all()


@dataclass(frozen=True)
class Life:
    """Where a stack's first `up`, its edit and its `destroy` are broken off."""

    deed: Break
    created: str
    edited: str
    destroyed: str

    def __str__(self) -> str:
        return f"{self.deed.__name__}, {self.created}"


POST, PUT, DELETE = (f"between {call} and its answer" for call in ("POST", "PUT", "DELETE"))
LOST_POST, LOST_PUT, LOST_DELETE = (f"before {call} reaches the API" for call in ("POST", "PUT", "DELETE"))
LATE_POST, LATE_PUT, LATE_DELETE = (
    f"before {call} reaches the API, which it still does" for call in ("POST", "PUT", "DELETE")
)
LIVES = [
    Life(kill_all, "during the search before POST", "during the GET of a refresh", LOST_DELETE),
    Life(kill_all, LOST_POST, LOST_PUT, LATE_DELETE),
    Life(kill_all, LATE_POST, LATE_PUT, DELETE),
    Life(kill_all, POST, PUT, DELETE),
    Life(kill_all, "between a document and its answer", LATE_PUT, DELETE),
    Life(kill_all, "during the verifying GET", "during the GET after PUT", LOST_DELETE),
    Life(kill_all, "during the search for twins", PUT, DELETE),
    Life(kill_before_the_state_is_written, POST, PUT, DELETE),
    Life(kill_a_run_that_writes_its_state_once, POST, PUT, DELETE),
    Life(kill_the_cli_alone, LATE_POST, PUT, LATE_DELETE),
    Life(kill_the_provider, POST, LOST_PUT, DELETE),
    Life(interrupt_once, LATE_POST, PUT, LATE_DELETE),
]


class Workbench:
    def __init__(self, stack: SmallStack, sandbox: SandboxServer, proxy: FaultProxy) -> None:
        self.stack, self.sandbox, self.proxy = stack, sandbox, proxy
        self._foreign = {kind.name: kind.add(sandbox, kind.foreign()) for kind in KINDS}

    def declare(self, *, edited: bool) -> None:
        self.stack.declare(
            [
                Declared(kind.name, name, {kind.named: name, **kind.document, **(kind.edit if edited else {})})
                for kind in KINDS
                for name in NAMES
            ]
        )

    def held(self) -> dict[str, dict[str, list[str]]]:
        return {kind.name: kind.held(self.sandbox, NAMES) for kind in KINDS}

    def broken_off(self, command: str, point: Point, deed: Break) -> Result | None:
        hold = Hold()
        self.proxy.forget()
        kinds = [kind for kind in KINDS if kind.makes(point.at)]
        self.proxy.rules = [point.rule(kind.where, hold, times=len(NAMES)) for kind in kinds]
        with self.stack.start(command) as run:
            # Of three reads the first may teach the process that a list is enough.
            hold.wait(1 if CALLS[point.at].method == "GET" else min(HELD_AT_ONCE, len(NAMES) * len(kinds)))
            result = deed(run, hold, point, self.proxy)
        self.proxy.calm()
        locks.remove_dead(self.stack.stack)
        state_files.remove_half_written(self.stack.stack)
        return result

    def run_again(self, command: str) -> tuple[Result, int]:
        """The same command, or what the failed one says to run; and how many runs it took."""
        again, reruns = self.stack.start(command).result(), 1
        if again.status and (advised := NEXT_STEP.search(again.printed)):
            return self.stack.start(*advised.group().split()).result(), reruns + 1
        return again, reruns

    def trial(
        self,
        kind: ObjectKind,
        verb: str,
        point: Point,
        deed: Break,
        broken: Result | None,
        before: dict[str, list[str]],
        reruns: int,
    ) -> Trial:
        """Compare what is declared with what is there, *before* being the ids by name that have to stay."""
        there = kind.held(self.sandbox, NAMES)
        declared = 0 if verb == "delete" else 1
        moved = sum(there[name] != ids for name, ids in before.items()) if verb == "update" else 0
        gone = self._foreign[kind.name] not in kind.there(self.sandbox)
        surplus = kind.parts_there(self.sandbox) - kind.parts * declared * len(NAMES)
        return Trial(
            table="interruptions",
            kind=kind.name,
            verb=verb,
            at=point.at,
            fault=f"{deed.__name__.replace('_', ' ')}, {point.name}",
            outcome="is killed",
            said=_errors(broken),
            lost=sum(max(declared - len(ids), 0) for ids in there.values()) + max(-surplus, 0) + moved + gone,
            duplicated=sum(max(len(ids) - declared, 0) for ids in there.values()) + max(surplus, 0),
            reruns=reruns,
        )


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_a_stack_whose_every_run_is_broken_off_ends_as_declared(
    life: Life, tmp_path: Path, trials: TrialReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SandboxServer(tmp_path) as sandbox, fault_proxy(sandbox.root) as proxy:
        stack = SmallStack(tmp_path / "project", "interrupted", proxy.api_url, API_KEY)
        monkeypatch.setenv("PULUMI_BACKEND_URL", stack.environment()["PULUMI_BACKEND_URL"])
        if life.deed is kill_a_run_that_writes_its_state_once:
            monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
        bench = Workbench(stack, sandbox, proxy)
        for verb, command, name in (
            ("create", "up", life.created),
            ("update", "up", life.edited),
            ("delete", "destroy", life.destroyed),
        ):
            bench.declare(edited=verb == "update")
            before = bench.held()

            broken = bench.broken_off(command, BY_NAME[name], life.deed)
            again, reruns = bench.run_again(command)

            found = [
                bench.trial(kind, verb, BY_NAME[name], life.deed, broken, before[kind.name], reruns) for kind in KINDS
            ]
            trials.trials += found
            assert again.status == 0, again.printed
            assert [trial for trial in found if trial.lost or trial.duplicated] == []
            said = again.printed + (broken.printed if broken else "")
            assert [secret for secret in (API_KEY, LLM_TOKEN) if secret in said] == []
            if verb == "update":
                plan = stack.pulumi("preview", "--expect-no-changes")
                assert plan.status == 0, plan.printed


def test_operations_that_pulumi_still_holds_for_pending_hinder_nothing_and_can_be_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SandboxServer(tmp_path) as sandbox, fault_proxy(sandbox.root) as proxy:
        stack = SmallStack(tmp_path / "project", "pending", proxy.api_url, API_KEY)
        monkeypatch.setenv("PULUMI_BACKEND_URL", stack.environment()["PULUMI_BACKEND_URL"])
        bench = Workbench(stack, sandbox, proxy)
        bench.declare(edited=False)
        bench.broken_off("up", BY_NAME[POST], kill_all)
        again = stack.start("up").result()
        kept = stack.pending()

        cleared = stack.start("refresh", "--clear-pending-creates").result()

        assert (again.status, cleared.status) == (0, 0), again.printed + cleared.printed
        assert (set(kept), stack.pending()) == ({"creating"}, [])
        assert stack.pulumi("preview", "--expect-no-changes").status == 0
        assert [len(ids) for kind in bench.held().values() for ids in kind.values()] == [1, 1] * len(KINDS)


def _errors(result: Result | None) -> str:
    lines = [] if result is None else [line.strip() for line in result.printed.splitlines() if "error:" in line]
    return "; ".join(dict.fromkeys(line.partition("error:")[2].strip() for line in lines))

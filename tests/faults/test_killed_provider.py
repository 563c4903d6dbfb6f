"""The real provider process is killed at every point of every verb; another repeats the verb, as the engine does."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.fixtures import fault_acts as acts
from tests.fixtures.all_kinds import KINDS
from tests.fixtures.dynamic_process import DynamicProcess, ProviderFailed, dynamic_process
from tests.fixtures.fault_acts import Hold
from tests.fixtures.fault_kinds import ObjectKind
from tests.fixtures.fault_proxy import FaultProxy, Rule
from tests.fixtures.interruptions import POINTS, Point
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.trial_report import Trial, TrialReport

pytestmark = pytest.mark.contract
MOST_RERUNS = 3
CASES = [
    pytest.param(kind, point, id=f"{kind.name}-{point.name}")
    for kind in KINDS
    for point in POINTS
    if kind.makes(point.at)
]


class Recorded:
    """What the engine's state holds of one resource, and the verbs it would call for it."""

    def __init__(self, kind: ObjectKind) -> None:
        self._kind = kind
        self.id = ""
        self.outs: dict[str, Any] = {}

    def verb(self, name: str, process: DynamicProcess) -> Callable[[], None]:
        return {
            "create": lambda: self.create(process),
            "update": lambda: self.update(process),
            "read": lambda: self.read(process),
            "delete": lambda: process.delete(self.id, self.outs),
        }[name]

    def create(self, process: DynamicProcess) -> None:
        created = process.create(self._kind.declared)
        self.id, self.outs = created.id, created.outs

    def update(self, process: DynamicProcess, *, edited: bool = True) -> None:
        self.outs = process.update(self.id, self.outs, self._declared(edited=edited))

    def read(self, process: DynamicProcess) -> None:
        shown = process.read(self.id, self.outs)
        self.id, self.outs = shown.id, shown.outs

    def _declared(self, *, edited: bool) -> dict[str, Any]:
        return self._kind.edited if edited else self._kind.declared

    def is_settled(self, process: DynamicProcess, *, edited: bool) -> bool:
        """Whether a refresh and a plan find it verified and nothing to change."""
        self.read(process)
        return not process.diff(self.id, self.outs, self._declared(edited=edited)).changes


@pytest.fixture(autouse=True)
def _nothing_left_of_the_test_before(sandbox: SandboxServer, proxy: FaultProxy) -> None:
    proxy.calm()
    sandbox.clear()


@pytest.mark.parametrize(("kind", "point"), CASES)
def test_a_killed_provider_process_leaves_exactly_one_object_to_the_next(
    kind: ObjectKind, point: Point, sandbox: SandboxServer, proxy: FaultProxy, trials: TrialReport
) -> None:
    foreign = kind.add(sandbox, kind.foreign())
    config = {"trugen:apiUrl": proxy.api_url, "trugen:apiKey": API_KEY, "trugen:sandbox": "true"}
    recorded = Recorded(kind)
    if point.verb != "create":
        with dynamic_process(kind.provider()) as earlier:
            earlier.configure(config)
            recorded.create(earlier)
    before = kind.ours(sandbox)
    with dynamic_process(kind.provider()) as first:
        first.configure(config)
        said = killed_at(point, kind, first, recorded.verb(point.verb, first), proxy)

    with dynamic_process(kind.provider()) as second:
        second.configure(config)
        recorded.verb(point.verb, second)()
        settled = point.verb == "delete" or recorded.is_settled(second, edited=point.verb == "update")

    ours = kind.ours(sandbox)
    declared = 0 if point.verb == "delete" else 1
    surplus = kind.parts_there(sandbox) - kind.parts * declared
    remade = 0 if point.verb in {"create", "delete"} else len(set(before) - set(ours))
    gone = foreign not in kind.there(sandbox)
    trial = Trial(
        table="killed provider process",
        kind=kind.name,
        verb=point.verb,
        at=point.at,
        fault=f"SIGKILL {point.name}",
        outcome="is killed",
        said=said,
        lost=max(declared - len(ours), 0) + max(-surplus, 0) + remade + gone,
        duplicated=max(len(ours) - declared, 0) + max(surplus, 0),
        left_to_do=() if settled else ("another update",),
    )
    trials.trials.append(trial)
    assert (trial.lost, trial.duplicated, trial.left_to_do) == (0, 0, ())


def killed_at(
    point: Point, kind: ObjectKind, process: DynamicProcess, verb: Callable[[], None], proxy: FaultProxy
) -> str:
    """Run *verb* up to *point*, kill its process there; returns what the engine hears of it."""
    hold = Hold()
    proxy.forget()
    proxy.rules = [point.rule(kind.where, hold)]
    with ThreadPoolExecutor(max_workers=1) as engine:
        running = engine.submit(verb)
        hold.wait()
        process.kill()
        with pytest.raises(ProviderFailed) as failure:
            running.result()
    point.leave(hold)
    proxy.settle()
    return str(failure.value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_post_of_a_killed_process_that_lands_while_the_next_run_creates_leaves_one_object(
    kind: ObjectKind, sandbox: SandboxServer, proxy: FaultProxy, trials: TrialReport
) -> None:
    config = {"trugen:apiUrl": proxy.api_url, "trugen:apiKey": API_KEY, "trugen:sandbox": "true"}
    recorded = Recorded(kind)
    hold, landed = Hold(), threading.Event()
    with dynamic_process(kind.provider()) as first, ThreadPoolExecutor(max_workers=1) as engine:
        first.configure(config)
        proxy.forget()
        proxy.rules = [Rule("POST", acts.late(hold, landed), kind.collection)]
        running = engine.submit(recorded.verb("create", first))
        hold.wait()
        first.kill()
        said = str(running.exception())

    proxy.forget()
    proxy.rules = [Rule("GET", acts.lets_go(hold, landed), kind.collection, after="POST")]
    with dynamic_process(kind.provider()) as second:
        second.configure(config)
        recorded.create(second)
        reruns = 1
        while not (settled := recorded.is_settled(second, edited=False)) and reruns < MOST_RERUNS:
            recorded.update(second, edited=False)
            reruns += 1

    extra = len(kind.ours(sandbox)) - 1
    trial = Trial(
        table="killed provider process",
        kind=kind.name,
        verb="create",
        at="POST",
        fault="SIGKILL before POST reaches the API, which it does while the next run creates",
        outcome="is killed",
        said=said,
        lost=max(-extra, 0),
        duplicated=max(extra, 0),
        reruns=reruns,
        left_to_do=() if settled else ("another update",),
    )
    trials.trials.append(trial)
    assert (trial.lost, trial.duplicated, trial.left_to_do) == (0, 0, ())

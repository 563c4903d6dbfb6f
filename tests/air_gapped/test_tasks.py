import pytest

from air_gapped.commands import PrepareError
from air_gapped.progress import Progress, Report
from air_gapped.tasks import Task, run_all


def recording(order: list[str], name: str, *needs: str) -> Task:
    def run(_report: Report) -> str:
        order.append(name)
        return "done"

    return Task(name, run, frozenset(needs))


def test_a_task_runs_after_the_ones_it_needs() -> None:
    order: list[str] = []

    run_all(
        [recording(order, "roof", "walls"), recording(order, "walls", "floor"), recording(order, "floor")], Progress()
    )

    assert order == ["floor", "walls", "roof"]


def test_every_task_is_accounted_for_with_its_seconds() -> None:
    took_s = run_all([recording([], "a"), recording([], "b", "a")], Progress())

    assert took_s.keys() == {"a", "b"}


def test_nothing_starts_after_a_failure_and_the_failure_is_what_is_raised() -> None:
    order: list[str] = []

    def fail(_report: Report) -> str:
        raise PrepareError("no disk")

    with pytest.raises(PrepareError, match="no disk"):
        run_all([Task("broken", fail), recording(order, "after", "broken")], Progress())

    assert order == []


def test_a_running_task_is_left_to_end_when_another_fails() -> None:
    order: list[str] = []

    def fail(_report: Report) -> str:
        raise PrepareError("no disk")

    with pytest.raises(PrepareError):
        run_all([Task("broken", fail), recording(order, "beside")], Progress())

    assert order == ["beside"]

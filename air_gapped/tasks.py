"""Run named steps with their dependencies, side by side where they allow it."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from air_gapped.progress import Progress, Report


@dataclass(frozen=True)
class Task:
    """A step: *run* gets a progress report and returns one short line that says what is there now."""

    name: str
    run: Callable[[Report], str]
    needs: frozenset[str] = field(default_factory=frozenset)


def run_all(tasks: Sequence[Task], progress: Progress) -> dict[str, float]:
    """
    Run every task after the ones it needs; returns the seconds each took.

    The first failure is raised as soon as the tasks then running have ended: a half-finished build would
    otherwise be killed in the middle of what the next try can reuse.
    """
    waiting = {task.name: task for task in tasks}
    running: dict[Future[float], str] = {}
    took_s: dict[str, float] = {}
    failure: BaseException | None = None
    with ThreadPoolExecutor(max_workers=len(tasks) or 1) as pool:
        while (waiting and failure is None) or running:
            ready = [] if failure else [t for t in waiting.values() if t.needs <= took_s.keys()]
            for task in ready:
                del waiting[task.name]
                running[pool.submit(_timed, task, progress)] = task.name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                if error := future.exception():
                    failure = failure or error
                else:
                    took_s[name] = future.result()
    if failure is not None:
        raise failure
    return took_s


def _timed(task: Task, progress: Progress) -> float:
    start_s = progress.elapsed_s()
    result = task.run(progress.reporter(task.name))
    took_s = progress.elapsed_s() - start_s
    progress.say(task.name, f"ready: {result} ({took_s:.0f} s)")
    return took_s

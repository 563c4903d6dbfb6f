"""`python -m components drift`: what was changed elsewhere since the last `up`, for a nightly job."""

import argparse
import sys
from pathlib import Path

from components.cli import comment, engine, failures, locks, many
from components.cli.plan import Plan, drifted, planned

DRIFT = 7  # as the Pulumi CLI ends when `--expect-no-changes` was not met
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found as Markdown: no values")


def drift(arguments: argparse.Namespace) -> int:
    """Return 0 when nothing drifted, 7 when something did, 1 when that could not be found out. Changes nothing."""
    stack: str = arguments.stack
    if busy := _busy(stack):
        return _failed(arguments.report, stack, busy)
    done = engine.watched(
        # With the program, so that keys and addresses are today's and not those of the last run.
        *("refresh", "--preview-only", "--run-program", "--expect-no-changes"),
        stack=stack,
        env=many.environment(stack),
    )
    found = drifted(done.events)
    if done.status == 0:
        _write(arguments.report, comment.drift(stack, found))
        return 0
    if done.status == DRIFT:
        print(f"\nSomething was changed elsewhere. What the next `up` of {stack} would do with it:", flush=True)
        next_up, blocked = _next_up(stack)
        _write(arguments.report, comment.drift(stack, found, next_up, blocked=blocked, commands=_commands(stack)))
        return DRIFT
    return _failed(arguments.report, stack, failures.explain("drift", stack, done.complaint, found))


def _busy(stack: str) -> str:
    """A look takes and awaits no lock (seen, CLI 3.259), and what a run has yet to write down looks like drift."""
    for lock in locks.locks(stack):
        if not lock.is_dead:
            return f"A run is at work on {stack}: {lock}.\n  Next: {lock.next_step(stack)}"
    return ""


def _failed(report: Path | None, stack: str, failure: str) -> int:
    _write(report, comment.drift(stack, Plan(), failure=failure))
    print(failure, file=sys.stderr)
    return _FAILED


def _next_up(stack: str) -> tuple[Plan, str]:
    done = engine.watched("preview", "--suppress-outputs", stack=stack, env=many.environment(stack), save_plan=True)
    plan = planned(done.events, done.saved)
    return plan, failures.explain("preview", stack, done.complaint, plan) if done.status else ""


def _commands(stack: str) -> list[str]:
    return [
        f"make drift STACK={stack}      # look again",
        f"make preview STACK={stack}    # what the next `up` does, step by step",
        f"make up STACK={stack}         # declare again what the stack file says",
        "# or declare the edit: change stacks/, open a pull request",
    ]


def _write(report: Path | None, text: str) -> None:
    if report:
        report.write_text(text, encoding="utf-8")

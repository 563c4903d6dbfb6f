"""What is wrong with the state of a stack: locks, half-written files, operations that nobody finished."""

from collections.abc import Iterator
from itertools import islice

from components.cli import backend, engine, locks, state_files
from components.cli.finding import Finding
from components.cli.recorded import Recorded

_NAMED = 5


def at_work(stack: str) -> bool | None:
    """Whether a run of *stack* is at work; None where that cannot be seen."""
    return None if backend.folder() is None else any(not lock.is_dead for lock in locks.locks(stack))


def files(stack: str) -> Iterator[Finding]:
    """Locks, and what a killed run can leave beside the state."""
    if backend.folder() is None:
        kind = (engine.backend_url() or "an unknown backend").partition(":")[0]
        yield Finding(
            "stack lock", "unknown", f"{kind}: only Pulumi can look; a run that is refused names who holds it"
        )
    for lock in locks.locks(stack):
        if lock.is_dead:
            yield Finding(
                "stack lock", "fault", f"left by a run that is dead: {lock}", f"pulumi cancel --yes --stack {stack}"
            )
        elif lock.is_here:
            yield Finding("stack lock", "ok", f"a run holds it: {lock}")
        else:
            yield Finding("stack lock", "unknown", f"held: {lock}", lock.next_step(stack))
    for path in state_files.half_written(stack):
        yield Finding("stack state", "fault", f"left half-written by a run that is dead: {path}", f"rm {path}")


def unfinished(stack: str, recorded: Recorded) -> Iterator[Finding]:
    """Operations whose end no state holds."""
    begun = list(recorded.unfinished())
    if not begun:
        return
    shown = ", ".join(islice(begun, _NAMED)) + (f" and {len(begun) - _NAMED} more" if len(begun) > _NAMED else "")
    if at_work(stack):
        yield Finding("unfinished", "ok", f"{shown}: a run is at work")
        return
    # `up` finds what they made by its markers, and does not strike them off.
    step = f"python -m components up --stack {stack}; pulumi refresh --yes --clear-pending-creates --stack {stack}"
    if at_work(stack) is None:
        yield Finding("unfinished", "unknown", f"{shown}: by a run at work, or by one that was killed; if so", step)
    else:
        yield Finding("unfinished", "fault", f"{shown}: begun by a run that was killed", step)

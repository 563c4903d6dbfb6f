"""A turn at a stack, for runs that may come at the same moment."""

import random
import sys
import time
from collections.abc import Callable, Mapping

from components.cli import engine

# Pulumi writes its lock and then looks for others: of two that do so at once both find one, and both withdraw. An older
# lock belongs to a run that has got through.
_SAME_MOMENT_S = 10.0
_PAUSE_S = (1.0, 5.0)


def take(
    *words: str,
    stack: str,
    env: Mapping[str, str] | None = None,
    sleep: Callable[[float], object] = time.sleep,
    draw: Callable[[float, float], float] = random.uniform,
) -> None:
    """
    `engine.pulumi`; once more when it was refused for a lock of this very moment (docs/adr/0017).

    Raises:
        EngineError: as `engine.pulumi`.
    """
    try:
        engine.pulumi(*words, stack=stack, env=env)
    except engine.LockedError as refused:
        if not all(lock.age_s < _SAME_MOMENT_S and not lock.is_dead for lock in refused.locks):
            raise
        pause_s = draw(*_PAUSE_S)
        others = "; ".join(map(str, refused.locks)) or "it has left again"
        print(f"another run came at the same moment ({others}); trying once more in {pause_s:.1f} s", file=sys.stderr)
        sleep(pause_s)
        engine.pulumi(*words, stack=stack, env=env)

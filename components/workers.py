"""
More calls at once than Pulumi's four.

A dynamic-provider process answers from a pool of four threads (`pulumi/dynamic/__main__.py`, hard-coded in 3.272), so
an agent whose calls take 0.2 s each waits mostly for its turn. The pool grows on demand up to a limit that it keeps in
an attribute; that limit is raised from inside. It is no public interface: when it is not where we look, the four stay,
and everything works as before, slower. `tests/wire/test_workers_wire.py` notices.
"""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

# What one API is asked at once. More would help little on two cores and might look like an attack.
CALLS_AT_ONCE = 48


def widen(limit: int = CALLS_AT_ONCE) -> None:
    """Let the pool whose thread calls this grow to *limit* threads; does nothing outside of a pool."""
    # CPython 3.9 to 3.13: a pool starts each thread with a weak reference to itself as the first argument.
    with contextlib.suppress(AttributeError, IndexError, TypeError):
        pool = threading.current_thread()._args[0]()  # type: ignore[attr-defined]  # noqa: SLF001 - see the module
        if isinstance(pool, ThreadPoolExecutor):
            pool._max_workers = max(pool._max_workers, limit)  # noqa: SLF001 - see the module

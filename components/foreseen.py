"""What a user sees of a fault that we foresaw: its message, without a wall of frames above it."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

_ALL_FRAMES = 1000


def foreseen(*kinds: type[Exception]) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """
    Wrap a verb of a dynamic provider whose exceptions of these *kinds* explain themselves.

    Pulumi 3.272 prints `traceback.format_exc()` of whatever a verb raises; `sys.tracebacklimit` is the only part of it
    in our hands. It counts for the whole process, so a bug gets its frames back.
    """

    def wrap(verb: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(verb)
        def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return verb(*args, **kwargs)
            except kinds as error:
                sys.tracebacklimit = 0
                raise error from None
            except Exception:
                sys.tracebacklimit = _ALL_FRAMES
                raise

        return wrapped

    return wrap

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def traceback_limit() -> Iterator[None]:
    """Provider verbs change it for their process (components/foreseen.py), which here is everybody's."""
    before = getattr(sys, "tracebacklimit", None)
    yield
    if before is None:
        sys.__dict__.pop("tracebacklimit", None)
    else:
        sys.tracebacklimit = before

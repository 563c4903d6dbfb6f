"""
Where the sandbox of a stack keeps its data: in the user's state folder, which outlives a checkout (docs/adr/0016).

The folder is chosen once, when the sandbox is created; from then on the stack's state says where it is.
"""

import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit

from components.sandbox.data_dir import DataDir

EARLIER = Path(".cache/sandbox")
"""Relative to the project: what code of before 2026-11-25 chose, and states of it still say."""


def state_folder() -> Path:
    """The folder of `air_gapped/places.py`, which is no part of the program: `TRUGEN_LLM_STATE` moves it."""
    if own := os.environ.get("TRUGEN_LLM_STATE"):
        return Path(own).expanduser().resolve()
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state").expanduser() / "trugen-llm"


def chosen(stack: str) -> Path:
    """
    The folder for a sandbox of *stack* that is not there yet.

    The same for a run that repeats a killed one, from whatever checkout; another one for a stack of that name in
    another backend.
    """
    return _sandboxes() / f"{stack}-{_backend_mark()}"


def serves(stack: str, port: int) -> bool:
    """
    Whether a sandbox of a stack of this name has *port*.

    Asked of every folder of that name, since the state may have moved to another backend meanwhile.
    """
    folders = [EARLIER / stack, *_sandboxes().glob(f"{stack}-{'[0-9a-f]' * _MARK_DIGITS}")]
    found = (DataDir(folder).serving() for folder in folders)
    return any(serving is not None and serving.port == port for serving in found)


def _sandboxes() -> Path:
    return state_folder() / "sandbox"


_MARK_DIGITS = 8


def _backend_mark() -> str:
    """Stands for the backend without its user, password and options, since the folder's name is plain in the state."""
    url = urlsplit(os.environ.get("PULUMI_BACKEND_URL", ""))
    plain = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
    return hashlib.sha256(plain.encode()).hexdigest()[:_MARK_DIGITS]

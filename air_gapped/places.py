"""Folders of this module on a user's machine: one cache, one state, both outside the checkout."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RECIPES = Path(__file__).resolve().parent
VENV = PROJECT / ".venv"


def _base(own: str, xdg: str, default: str) -> Path:
    if own in os.environ:
        return Path(os.environ[own]).expanduser().resolve()
    return Path(os.environ.get(xdg) or Path.home() / default).expanduser() / "trugen-llm"


def cache() -> Path:
    """Built and downloaded parts, safe to delete; `TRUGEN_LLM_CACHE` moves it."""
    return _base("TRUGEN_LLM_CACHE", "XDG_CACHE_HOME", ".cache")


def state() -> Path:
    """Stack state, logs, and what a Docker engine of ours keeps; `TRUGEN_LLM_STATE` moves it."""
    folder = _base("TRUGEN_LLM_STATE", "XDG_STATE_HOME", ".local/state")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def pypi_pin(package: str) -> Path:
    """Requirement file with hashes of a PyPI file that is taken apart rather than installed."""
    return RECIPES / "pypi" / f"{package}.txt"


def pypi_release(package: str) -> str:
    """`NAME==VERSION` of such a file."""
    return pypi_pin(package).read_text().split()[0]


def logs() -> Path:
    folder = state() / "logs"
    folder.mkdir(exist_ok=True)
    return folder

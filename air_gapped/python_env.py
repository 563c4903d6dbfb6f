"""Virtual environments with exactly their hashed requirements: `.venv`, and one for the tests' LiteLLM proxy."""

import hashlib
import importlib.util
import sys
from pathlib import Path

from air_gapped import places, system_packages
from air_gapped.commands import run
from air_gapped.progress import Report

RUNTIME = places.PROJECT / "requirements.txt"
TESTS = places.PROJECT / "tests" / "requirements.txt"
_LITELLM = places.PROJECT / "tests" / "litellm" / "requirements.txt"


def packages(report: Report, *, requirements: tuple[Path, ...]) -> str:
    """Create `.venv` and install *requirements*; does nothing when exactly these are installed."""
    return _install(report, places.VENV, requirements)


def litellm(report: Report) -> str:
    """Install the LiteLLM proxy apart from everything: its some 120 packages must not decide about ours."""
    return _install(report, litellm_venv(), (_LITELLM,))


def litellm_venv() -> Path:
    """Cache entry of the proxy for this Python; other requirements are another entry."""
    return places.cache() / f"litellm-{sys.implementation.cache_tag}-{_digest(_LITELLM)[:8]}"


def _install(report: Report, venv: Path, requirements: tuple[Path, ...]) -> str:
    python = venv / "bin" / "python"
    mark = venv / ".installed"
    installed = set(mark.read_text().split()) if mark.exists() else set()
    if python.exists() and {_digest(path) for path in requirements} <= installed:
        return "already installed"
    if not python.exists():
        report("creating the virtual environment")
        if importlib.util.find_spec("ensurepip") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            system_packages.ensure({f"/usr/lib/python{version}/ensurepip": f"python{version}-venv"}, report)
        run([sys.executable, "-m", "venv", venv], log=f"{venv.name.lstrip('.')}-create")
    report("installing packages")
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    for path in requirements:
        command += ["--requirement", path]
    run(command, log=f"{venv.name.lstrip('.')}-pip")
    still_right = installed & {_digest(RUNTIME), _digest(TESTS)}
    mark.write_text("\n".join(sorted(still_right | {_digest(path) for path in requirements})))
    return "installed with hashes checked"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

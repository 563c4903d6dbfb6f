"""The virtual environment `.venv`, holding exactly the hashed requirements."""

import hashlib
import importlib.util
import sys
from pathlib import Path

from air_gapped import places, system_packages
from air_gapped.commands import run
from air_gapped.progress import Report

RUNTIME = places.PROJECT / "requirements.txt"
TESTS = places.PROJECT / "tests" / "requirements.txt"


def packages(report: Report, *, requirements: tuple[Path, ...]) -> str:
    """Create `.venv` and install *requirements*; does nothing when exactly these are installed."""
    python = places.VENV / "bin" / "python"
    mark = places.VENV / ".installed"
    installed = set(mark.read_text().split()) if mark.exists() else set()
    if python.exists() and {_digest(path) for path in requirements} <= installed:
        return "already installed"
    if not python.exists():
        report("creating the virtual environment")
        if importlib.util.find_spec("ensurepip") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            system_packages.ensure({f"/usr/lib/python{version}/ensurepip": f"python{version}-venv"}, report)
        run([sys.executable, "-m", "venv", places.VENV], log="venv")
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
    run(command, log="pip-install")
    still_right = installed & {_digest(RUNTIME), _digest(TESTS)}
    mark.write_text("\n".join(sorted(still_right | {_digest(path) for path in requirements})))
    return "installed with hashes checked"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

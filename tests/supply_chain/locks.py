"""What stands in a lock, as `uv pip compile --generate-hashes` writes it."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Pin:
    """*version* is empty where a line pins none, *sha256* where it names no hash."""

    name: str
    version: str
    sha256: frozenset[str]


def pins(lock: Path) -> list[Pin]:
    lines = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [_pin(line) for line in lines if line.strip() and not line.startswith("#")]


def asked_for(requirements: Path) -> set[str]:
    """Names in a short `.in` file."""
    lines = (line.partition("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("-")}


def _pin(line: str) -> Pin:
    requirement = Requirement(line.partition(" --hash")[0])
    exact = [one.version for one in requirement.specifier if one.operator == "=="]
    return Pin(canonicalize_name(requirement.name), "".join(exact), frozenset(_HASH.findall(line)))

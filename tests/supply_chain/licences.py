"""
Licences of the packages in this environment against what `pyproject.toml` allows, by pip-licenses.

A package that this machine does not need, such as one for Windows, is not installed and not seen.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tests.supply_chain.verdict import PROJECT, Verdict

_SUBJECT = "licences"


class Allowed(BaseModel):
    """`[tool.trugen-llm.licences]`: names as packages spell them, and the packages that need none of them, with why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: frozenset[str] = Field(min_length=1)
    exceptions: Mapping[str, str]


def allowed() -> Allowed:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    return Allowed.model_validate(settings["tool"]["trugen-llm"]["licences"])


def licences() -> Verdict:
    command = [sys.executable, "-m", "piplicenses", "--with-system", "--from", "mixed", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return judged(json.loads(done.stdout), allowed())


def judged(packages: Sequence[Mapping[str, Any]], rules: Allowed) -> Verdict:
    """The verdict on a report of `pip-licenses --format json`."""
    refused = {one["Name"]: one for one in packages if not _may(one["License"], rules.allow)}
    lines = [
        f"{name} {one['Version']}: {one['License']!r} is not allowed; replace it, or add it with a reason to"
        " [tool.trugen-llm.licences] of pyproject.toml"
        for name, one in sorted(refused.items())
        if name not in rules.exceptions
    ]
    lines += [
        f"{name}: its exception is not needed; take it out of pyproject.toml"
        for name in sorted(rules.exceptions.keys() - refused.keys())
    ]
    if lines:
        return Verdict(_SUBJECT, "failed", tuple(lines))
    excepted = ", ".join(sorted(rules.exceptions)) or "none"
    return Verdict(_SUBJECT, "passed", (f"{len(packages)} packages; by exception: {excepted}",))


def _may(licence: str, allow: frozenset[str]) -> bool:
    """Of `A OR B` one is enough. Two names in a list may mean either or both, so both have to be allowed."""
    choices = re.split(r"\s+OR\s+", licence)
    return any(all(part.strip() in allow for part in re.split(r"\s+AND\s+|;", choice)) for choice in choices)

"""
Known vulnerabilities of the locked packages, as pip-audit hears of them from PyPI or from an OSV server.

Where PyPI's advisories do not answer, behind a mirror say, pip-audit skips every package, prints "No known
vulnerabilities found" and ends with status 0. So its report is read here, not its status.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.supply_chain.verdict import LOCKS, Verdict

_LIMIT_S = 900
_SUBJECT = "advisories"
_SHOWN = 3


def advisories(osv_url: str | None = None, locks: Sequence[Path] = LOCKS) -> Verdict:
    """Ask about every package of *locks*; *osv_url* is a server's `/v1/query`, instead of PyPI."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    command += ["--format", "json", *(word for lock in locks for word in ("--requirement", str(lock)))]
    if osv_url:
        command += ["--vulnerability-service", "osv", "--osv-url", osv_url]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return _unanswered(f"no answer within {_LIMIT_S} s")
    try:
        return judged(json.loads(done.stdout))
    except json.JSONDecodeError:
        return _unanswered((done.stderr.strip().splitlines() or ["pip-audit printed nothing"])[-1])


def judged(report: dict[str, Any]) -> Verdict:
    """The verdict on a report of `pip-audit --format json`."""
    packages = report["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    found = [_told(package, one) for package in packages for one in package.get("vulns", [])]
    if found:
        return Verdict(_SUBJECT, "failed", (*found, *_not_asked(skipped, packages)))
    if skipped or not packages:
        return Verdict(_SUBJECT, "unknown", (*_not_asked(skipped, packages), _WAY_OUT))
    return Verdict(_SUBJECT, "passed", (f"{len(packages)} packages, none with a known vulnerability",))


def _told(package: dict[str, Any], vulnerability: dict[str, Any]) -> str:
    fixed = ", ".join(vulnerability["fix_versions"])
    repair = f"fixed in {fixed}: make lock" if fixed else "no fixed version yet"
    return f"{package['name']} {package['version']}: {vulnerability['id']}, {repair}"


def _not_asked(skipped: Sequence[dict[str, Any]], packages: Sequence[Any]) -> list[str]:
    if packages and not skipped:
        return []
    first = [package["skip_reason"] for package in skipped[:_SHOWN]]
    return [f"nothing is known about {len(skipped)} of {len(packages)} packages", *first]


def _unanswered(reason: str) -> Verdict:
    return Verdict(_SUBJECT, "unknown", (f"pip-audit could not ask: {reason}", _WAY_OUT))


_WAY_OUT = (
    "Run it where https://pypi.org/pypi/<package>/json answers, or name an OSV server: make audit ARGS=--osv-url=URL"
)

"""jq, by which the tests' stand-in for GitHub's `gh` understands what a workflow asks of it."""

import shutil

from air_gapped import system_packages
from air_gapped.progress import Report


def program(report: Report) -> str:
    """Make it available; returns where it came from."""
    if found := shutil.which("jq"):
        return f"{found}, already on this machine"
    system_packages.ensure({"jq": "jq"}, report)
    return "installed from Debian"

"""Debian packages, installed only when the program they bring is missing."""

import os
import shutil
import threading
from pathlib import Path

from air_gapped.commands import PrepareError, as_root, run
from air_gapped.progress import Report

_dpkg = threading.Lock()  # apt refuses to run twice at once
_index_is_fresh = False


def _is_there(marker: str) -> bool:
    if marker.startswith("/"):
        return Path(marker).exists()
    # Debian keeps dockerd and iptables where an ordinary user's PATH does not look.
    return shutil.which(marker, path=f"/usr/sbin:/sbin:{os.environ['PATH']}") is not None


def ensure(wanted: dict[str, str], report: Report) -> None:
    """
    Install Debian packages.

    Args:
        wanted: Package by the program or absolute path that shows it is there.

    Raises:
        PrepareError: A package is missing and there is no apt.
    """
    global _index_is_fresh  # noqa: PLW0603 - one index refresh per run
    missing = sorted({package for marker, package in wanted.items() if not _is_there(marker)})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise PrepareError(
            f"Missing here: {', '.join(missing)} (Debian's package names), and there is no apt-get to install them.\n"
            "  Install them with this system's package manager, then run make again."
        )
    with _dpkg:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        if not _index_is_fresh:
            report("refreshing the Debian package index")
            run(as_root("apt-get", "update", "--quiet"), log="apt-update", env=quiet)
            _index_is_fresh = True
        report(f"installing {' '.join(missing)}")
        command = as_root("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *missing)
        run(command, log="apt-install", env=quiet)

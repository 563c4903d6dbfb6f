"""Debian's Postgres for the tests, which run one of their own in a folder of theirs."""

from pathlib import Path

from air_gapped import system_packages
from air_gapped.commands import as_root, run
from air_gapped.progress import Report

# Read by the package when it is installed for the first time (postgresql-common, `maintscripts-functions`).
_NO_CLUSTER = "/etc/postgresql-common/createcluster.d/trugen-llm.conf"


def programs() -> Path | None:
    """Folder of `initdb` and `postgres` of the newest release here; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def server(report: Report) -> str:
    """Make the programs available; the server that Debian's package makes and starts on port 5432 is not wanted."""
    if programs():
        return "already on this machine"
    write = f"mkdir -p {Path(_NO_CLUSTER).parent} && echo 'create_main_cluster = off' > {_NO_CLUSTER}"
    run(as_root("sh", "-c", write), log="postgres")
    try:
        system_packages.ensure({"/usr/lib/postgresql": "postgresql"}, report)
    finally:
        run(as_root("rm", "-f", _NO_CLUSTER), log="postgres")
    return "installed, not started"

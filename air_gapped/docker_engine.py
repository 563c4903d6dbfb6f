"""A Docker engine: the user's own when it answers, else one started by hand and stopped by `make down`."""

import grp
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from air_gapped import places, system_packages
from air_gapped.commands import PrepareError, as_root, output
from air_gapped.progress import Report

_START_LIMIT_S = 60.0


def _folder() -> Path:
    return places.state() / "docker"


def _socket() -> Path:
    return _folder() / "docker.sock"


def _pid_file() -> Path:
    return _folder() / "docker.pid"


def environment() -> dict[str, str]:
    """`DOCKER_HOST` of the engine that we started, empty when the user's own is in use."""
    return _own_host() if _pid() is not None else {}


def _own_host() -> dict[str, str]:
    return {"DOCKER_HOST": f"unix://{_socket()}"}


def engine(report: Report) -> str:
    """
    Make a Docker engine answer; returns which.

    Raises:
        PrepareError: One is there but not for this user, or none can be started.
    """
    if _pid() is not None and _answers(environment()):
        return "the one started earlier"
    if _answers({}):
        return "already on this machine"
    _refuse_a_forbidden_one()
    system_packages.ensure({"dockerd": "docker.io", "iptables": "iptables"}, report)
    if _answers({}):
        return "installed and started by the system"
    report("starting dockerd")
    _start()
    return "started by hand, stopped by `make down`"


def resume(report: Report) -> str:
    """
    Start the engine of ours again if it does not run, after a reboot say; `make down` finds its containers only there.

    Starts nothing on a machine whose engine was never ours.
    """
    if _pid() is not None or not _folder().exists() or _answers({}):
        return "as it was"
    report("starting dockerd again")
    _start()
    return "started by hand again"


def _answers(variables: dict[str, str]) -> bool:
    docker = shutil.which("docker")
    return (
        docker is not None and output([docker, "version", "--format", "{{.Server.Version}}"], env=variables) is not None
    )


def _refuse_a_forbidden_one() -> None:
    system = Path("/var/run/docker.sock")
    if system.exists() and not os.access(system, os.W_OK) and "DOCKER_HOST" not in os.environ:
        raise PrepareError(
            f"A Docker engine listens on {system}, but user {os.environ.get('USER', os.geteuid())} may not use it.\n"
            "  Join its group and log in again: sudo usermod -aG docker $USER"
        )


def _start() -> None:
    _folder().mkdir(exist_ok=True, mode=0o700)
    _pid_file().unlink(missing_ok=True)
    group = grp.getgrgid(os.getegid()).gr_name
    command = as_root(
        "dockerd",
        f"--host=unix://{_socket()}",
        f"--group={group}",
        f"--data-root={_folder() / 'data'}",
        f"--exec-root={_folder() / 'exec'}",
        f"--pidfile={_pid_file()}",
    )
    log = places.logs() / "dockerd.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline_s = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            break
        if _answers(_own_host()):
            return
        time.sleep(0.2)
    tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-8:])
    raise PrepareError(
        f"dockerd did not come up:\n    {tail}\n"
        "  Containers need a machine (or a privileged container) where dockerd may create cgroups and networks.\n"
        "  Start a Docker engine yourself, set DOCKER_HOST, and run make again."
    )


def _pid() -> int | None:
    try:
        pid = int(_pid_file().read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if name == "dockerd" else None


def stop() -> str:
    """Stop the engine that we started, if we did; returns what was done."""
    pid = _pid()
    if pid is None:
        return "no Docker engine of ours is running"
    if os.geteuid() == 0:
        os.kill(pid, signal.SIGTERM)
    else:
        subprocess.run(as_root("kill", str(pid)), check=True)
    deadline_s = time.monotonic() + _START_LIMIT_S
    while _pid() is not None and time.monotonic() < deadline_s:
        time.sleep(0.1)
    if _pid() is not None:
        raise PrepareError(
            f"dockerd (pid {pid}) did not stop in {_START_LIMIT_S:.0f} s.\n  Look: tail {places.logs()}/dockerd.log"
        )
    return f"dockerd (pid {pid}) stopped"

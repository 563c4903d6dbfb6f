"""A dockerd that may be killed: in namespaces of its own, where nobody else notices, and kept up as by systemd."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker

RESTART_AFTER_S = 2.0
"""`RestartSec` of Docker's own unit, with `Restart=always` (moby/moby, contrib/init/systemd/docker.service)."""
_START_LIMIT_S = 60.0
_IMAGES = "BENCHMARK_IMAGES"


def in_own_namespaces(module: str, images: Sequence[str], *words: str) -> None:
    """
    `python -m MODULE WORDS` for an `own_dockerd` in it; needs root.

    Network, mounts and processes are its own: what a killed dockerd leaves behind ends with it.

    Args:
        images: Taken along from the engine that answers now.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "images.tar"
        subprocess.run(["docker", "save", "--output", archive, *images], check=True)
        # The shell is the first process there and buries orphans: a new dockerd takes a dead containerd for a live one.
        script = 'ip link set lo up && "$0" -m "$@"; exit $?'
        own = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        command = [*own, "sh", "-c", script, sys.executable, module, *words]
        subprocess.run(command, env={**os.environ, _IMAGES: str(archive)}, check=True)


class Dockerd:
    """Started again when it ends, as long as `keep` lasts; `kill` kills it by its id."""

    def __init__(self, folder: Path) -> None:
        self.host = f"unix://{folder / 'docker.sock'}"
        self._folder = folder
        self._stop = threading.Event()
        self._process = self._start()

    def kill(self) -> None:
        self._process.kill()

    @contextlib.contextmanager
    def keep(self) -> Iterator[None]:
        keeper = threading.Thread(target=self._keep)
        keeper.start()
        try:
            yield
        finally:
            self._stop.set()
            keeper.join()
            self._process.terminate()
            self._process.wait(_START_LIMIT_S)

    def _keep(self) -> None:
        while not self._stop.wait(0.1):
            if self._process.poll() is not None:
                time.sleep(RESTART_AFTER_S)
                self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        place = self._folder
        command = ["dockerd", f"--host={self.host}", f"--data-root={place / 'data'}", f"--exec-root={place / 'exec'}"]
        with (place / "dockerd.log").open("ab") as log:
            return subprocess.Popen([*command, f"--pidfile={place / 'docker.pid'}"], stdout=log, stderr=log)


@contextlib.contextmanager
def own_dockerd() -> Iterator[Dockerd]:
    """The engine of this process, in `in_own_namespaces`, with the images taken along."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dockerd = Dockerd(Path(folder))
        with dockerd.keep():
            os.environ["DOCKER_HOST"] = dockerd.host
            wait_until_it_answers()
            subprocess.run(["docker", "load", "--quiet", "--input", os.environ[_IMAGES]], check=True)
            yield dockerd


def wait_until_it_answers() -> None:
    over_at_s = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            with contextlib.closing(docker.from_env()) as client:
                client.ping()
                return
        except docker.errors.DockerException:
            time.sleep(0.1)
        assert time.monotonic() < over_at_s, "dockerd does not answer"

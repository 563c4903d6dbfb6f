"""A Docker engine of its own for a measurement that kills it, with a few images of the usual one."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import docker

from air_gapped import places

_START_LIMIT_S, _STOP_LIMIT_S = 60.0, 60.0


@dataclass
class SecondDocker:
    """Its folder goes with it. `DOCKER_HOST` names it while it is in use."""

    folder: Path

    def __post_init__(self) -> None:
        # Apart, as distributions run it: a dockerd that starts one of its own takes it down along with itself.
        places_of = [f"--{name}={self.folder / f'containerd-{name}'}" for name in ("root", "state")]
        self._containerd = self._run("containerd", f"--address={self.folder / 'containerd'}", *places_of)
        self._dockerd = self._containerd

    @property
    def host(self) -> str:
        return f"unix://{self.folder / 'docker.sock'}"

    def start(self) -> None:
        """
        As an init system does for a daemon that ended.

        Raises:
            RuntimeError: It does not answer; its log is in the folder.
        """
        (self.folder / "docker.pid").unlink(missing_ok=True)
        folders = [f"--{name}={self.folder / name}" for name in ("data-root", "exec-root", "containerd")]
        pid_file = self.folder / "docker.pid"
        self._dockerd = self._run("dockerd", f"--host={self.host}", f"--pidfile={pid_file}", "--bridge=none", *folders)
        over_at = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < over_at:
            if self.answers():
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def answers(self) -> bool:
        try:
            client = docker.DockerClient(self.host, timeout=2)
        except docker.errors.DockerException:
            return False
        try:
            return bool(client.ping())
        except (docker.errors.DockerException, OSError):
            return False
        finally:
            client.close()

    def kill(self) -> None:
        self._dockerd.kill()
        self._dockerd.wait()

    def stop(self) -> None:
        for process in (self._dockerd, self._containerd):
            process.terminate()
            process.wait(_STOP_LIMIT_S)

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )


@contextmanager
def second_docker(images: Sequence[str]) -> Iterator[SecondDocker]:
    """Up, with *images*; everything that runs on it has to be gone before the end."""
    # Beside the usual one, so that it finds the same kind of file system.
    engine = SecondDocker(Path(tempfile.mkdtemp(dir=places.state())))
    try:
        engine.start()
        archive = engine.folder / "images.tar"
        subprocess.run(["docker", "save", "--output", archive, *images], check=True)
        with patch.dict(os.environ, DOCKER_HOST=engine.host):
            subprocess.run(["docker", "load", "--quiet", "--input", archive], check=True, stdout=subprocess.DEVNULL)
            archive.unlink()
            yield engine
    finally:
        engine.stop()
        shutil.rmtree(engine.folder, ignore_errors=True)

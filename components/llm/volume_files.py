"""
Small files in a Docker volume, put there and read without running anything.

Docker's own `uploads` cannot write to a container with a read-only root, and a secret in a command, an environment or a
label is shown by `docker inspect`. So a container that is never started carries the files in and out.
"""

import contextlib
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker.models.containers import Container

_PLACE = "/run/trugen-llm"
_VOLUME_LABEL = "trugen-llm.volume"
_ONLY_ITS_OWNER, _OWN_FOLDER = 0o400, 0o700  # a file to read, a folder to write to
ROOT = 0


class VolumeFilesError(Exception):
    """Docker did not take or give the files."""


class VolumeGoneError(VolumeFilesError):
    """The volume, or the image of the carrier, does not exist."""


@dataclass(frozen=True)
class Volume:
    """
    A volume by *name*. *image* is any that is local, for the carrier; *owner* is the user id that may read the files,
    and nobody else. Two users of one volume at a time need different *purpose*s, which name their carriers.
    """

    name: str
    image: str
    purpose: str
    owner: int = ROOT

    def put(self, files: Mapping[str, str], folders: Sequence[str] = ()) -> None:
        """
        Replace *files*, contents by name, in the order of the names. Each is missing for microseconds, then short, then
        whole.

        *folders* are the owner's to write to, since the volume itself belongs to root; what is in them stays.

        Raises:
            VolumeFilesError: as the class says.
        """
        with self._carrier() as carrier:
            carrier.put_archive(_PLACE, self._archive(files, folders))

    def get(self, *names: str) -> dict[str, str | None]:
        """
        Contents by name, which may have folders before it; None for a file that is not there.

        Raises:
            VolumeFilesError: as the class says.
        """
        with self._carrier() as carrier:
            return {name: _content(carrier, name) for name in names}

    @contextlib.contextmanager
    def _carrier(self) -> "Iterator[Container]":
        """Docker removes no volume that a container names, so what an interrupted run left is removed first."""
        import requests  # noqa: PLC0415 - 0.1 s that only a stack with a server of its own has to pay
        from docker.errors import DockerException, NotFound  # noqa: PLC0415 - see above

        try:
            with self._made() as carrier:
                yield carrier
        except NotFound as error:
            raise VolumeGoneError(self._said(error)) from None
        except (DockerException, requests.RequestException) as error:
            raise VolumeFilesError(self._said(error)) from None

    @contextlib.contextmanager
    def _made(self) -> "Iterator[Container]":
        import docker  # noqa: PLC0415 - see _carrier

        from components.llm import left_overs  # noqa: PLC0415 - see _carrier

        carrier_name, labels = f"{self.name}-{self.purpose}", {_VOLUME_LABEL: self.name}
        left_overs.remove_container(carrier_name, labels)
        with contextlib.closing(docker.from_env()) as client:
            client.volumes.get(self.name)  # or Docker would make one
            carrier = client.containers.create(
                self.image,
                name=carrier_name,
                labels=labels,
                command=["none"],
                network_mode="none",
                volumes={self.name: {"bind": _PLACE}},
            )
            try:
                yield carrier
            finally:
                carrier.remove(force=True)

    def _said(self, error: Exception) -> str:
        return (
            f"The files in the volume '{self.name}' could not be reached: {error}.\n"
            "  See whether Docker is well with `docker info`, then run `pulumi up` again."
        )

    def _archive(self, files: Mapping[str, str], folders: Sequence[str] = ()) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name in folders:
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode = tarfile.DIRTYPE, _OWN_FOLDER
                entry.uid = entry.gid = self.owner
                archive.addfile(entry)
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content.encode()), _ONLY_ITS_OWNER
                entry.uid = entry.gid = self.owner
                archive.addfile(entry, io.BytesIO(content.encode()))
        return buffer.getvalue()


def _content(carrier: "Container", name: str) -> str | None:
    from docker.errors import NotFound  # noqa: PLC0415 - see Volume

    try:
        stream, _ = carrier.get_archive(f"{_PLACE}/{name}")
    except NotFound:
        return None
    return text_of(stream, name)


def text_of(stream: Iterable[bytes], path: str) -> str | None:
    """The content of the one file in *stream*, Docker's archive of *path*; None for anything but a file."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        file = archive.extractfile(path.rpartition("/")[2])
        return file.read().decode(errors="replace") if file else None

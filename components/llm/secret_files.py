"""
Secret files in a Docker volume. The module path is stored in every state.

A secret in a command, an environment or a label is shown by `docker inspect`, and the docker provider's own `uploads`
cannot write to a container with a read-only root. So a container that is never started carries the files in.
"""

import contextlib
import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen

if TYPE_CHECKING:
    from docker.models.containers import Container

Props = dict[str, Any]
_COMPARED = ("volume", "image", "files", "__provider")
_PLACE = "/run/trugen-llm"
_ONLY_ROOT = 0o400
_MARK_CHARS = 16
_VOLUME_LABEL = "trugen-llm.volume"


class SecretFilesError(Exception):
    """Docker did not take the files."""


class SecretFilesProvider(ResourceProvider):
    """
    Inputs: `volume`, `image` (any that is local, to carry the files), `files` (names to contents, secret).

    Outputs: those, and `mark`, which changes with the contents; empty after a refresh that found other contents.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in _COMPARED)
        return DiffResult(changes=changed or not _olds["mark"], replaces=[])

    @foreseen(SecretFilesError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult("secret-files", _written(props))

    @foreseen(SecretFilesError)
    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        return UpdateResult(_written(news))

    @foreseen(SecretFilesError)
    def delete(self, _id: str, props: Props) -> None:
        """Files cannot be removed without running a program, so they are emptied."""
        _put(props, dict.fromkeys(props["files"], ""))

    def read(self, id_: str, props: Props) -> ReadResult:
        import requests  # noqa: PLC0415 - 0.1 s that only a stack with secret files has to pay
        from docker.errors import DockerException  # noqa: PLC0415 - see above

        try:
            with _carrier(props) as carrier:
                found = {name: _content(carrier, name) for name in props["files"]}
        except (DockerException, requests.RequestException):
            # Image, volume and Docker itself are reported by their own resources.
            return ReadResult(id_, props)
        return ReadResult(id_, {**props, "mark": _mark(found) if found == props["files"] else ""})


class SecretFiles(pulumi.dynamic.Resource, module="trugen", name="SecretFiles"):
    """*files* in *volume*, readable by the root of a container only."""

    mark: pulumi.Output[str]
    """Changes with the contents, and tells nothing about them."""

    def __init__(
        self,
        name: str,
        image: pulumi.Input[str],
        volume: pulumi.Input[str],
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        secret = {file: pulumi.Output.secret(content) for file, content in files.items()}
        props = {"image": image, "volume": volume, "files": secret, "mark": None}
        super().__init__(SecretFilesProvider(), name, props, opts)


def _written(props: Props) -> Props:
    _put(props, props["files"])
    return {**props, "mark": _mark(props["files"])}


def _put(props: Props, files: Mapping[str, str]) -> None:
    import requests  # noqa: PLC0415 - see read
    from docker.errors import DockerException, NotFound  # noqa: PLC0415 - see read

    try:
        with _carrier(props) as carrier:
            carrier.put_archive(_PLACE, _archive(files))
    except (DockerException, requests.RequestException) as error:
        if isinstance(error, NotFound) and not any(files.values()):
            return
        raise SecretFilesError(
            f"The secret files could not be put into the volume '{props['volume']}': {error}.\n"
            "  See whether Docker is well with `docker info`, then run `pulumi up` again."
        ) from None


@contextlib.contextmanager
def _carrier(props: Props) -> "Iterator[Container]":
    """
    A container with the volume, never started and removed again; raises `NotFound` when either is gone.

    Docker removes no volume that a container names, so what an interrupted run left is removed first.
    """
    import docker  # noqa: PLC0415 - see read

    from components.llm import left_overs  # noqa: PLC0415 - see read

    volume = props["volume"]
    name, labels = f"{volume}-secret-files", {_VOLUME_LABEL: volume}
    left_overs.remove_container(name, labels)
    client: docker.DockerClient = docker.from_env()
    try:
        client.volumes.get(volume)  # or Docker would make one
        carrier = client.containers.create(
            props["image"],
            name=name,
            labels=labels,
            command=["none"],
            network_mode="none",
            volumes={volume: {"bind": _PLACE}},
        )
        try:
            yield carrier
        finally:
            carrier.remove(force=True)
    finally:
        client.close()


def _archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content.encode()), _ONLY_ROOT
            archive.addfile(entry, io.BytesIO(content.encode()))
    return buffer.getvalue()


def _content(carrier: "Container", name: str) -> str | None:
    from docker.errors import NotFound  # noqa: PLC0415 - see read

    try:
        stream, _ = carrier.get_archive(f"{_PLACE}/{name}")
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        file = archive.extractfile(name)
        return file.read().decode(errors="replace") if file else None


def _mark(files: Mapping[str, Any]) -> str:
    """Keys and tokens are random and long, so that their hash tells nothing about them."""
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:_MARK_CHARS]

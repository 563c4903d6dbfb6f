"""Secret files in the volume of a container. The module path is stored in every state."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.llm.volume_files import ROOT, Volume, VolumeFilesError, VolumeGoneError

Props = dict[str, Any]
_COMPARED = ("volume", "image", "files", "owner", "folders", "__provider")
_MARK_CHARS = 16


class SecretFilesProvider(ResourceProvider):
    """
    Inputs: `volume`, `image` (any that is local, to carry the files), `files` (names to contents, secret), `owner` (a
    user id, absent for root), `folders` (for that user to write to, absent for none).

    Outputs: those, and `mark`, which changes with the contents; empty after a refresh that found other contents.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in _COMPARED)
        return DiffResult(changes=changed or not _olds["mark"], replaces=[])

    @foreseen(VolumeFilesError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult("secret-files", _written(props))

    @foreseen(VolumeFilesError)
    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        return UpdateResult(_written(news))

    @foreseen(VolumeFilesError)
    def delete(self, _id: str, props: Props) -> None:
        """Files cannot be removed without running a program, so they are emptied."""
        try:
            _volume(props).put(dict.fromkeys(props["files"], ""))
        except VolumeGoneError:
            return

    def read(self, id_: str, props: Props) -> ReadResult:
        return as_found(id_, props, _volume(props))


class SecretFiles(pulumi.dynamic.Resource, module="trugen", name="SecretFiles"):
    """*files* in *volume*, for the user *owner* of a container only, who may write to *folders* there."""

    mark: pulumi.Output[str]
    """Changes with the contents, and tells nothing about them."""

    def __init__(
        self,
        name: str,
        image: pulumi.Input[str],
        volume: pulumi.Input[str],
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
        owner: int = ROOT,
        folders: Sequence[str] = (),
    ) -> None:
        secret = {file: pulumi.Output.secret(content) for file, content in files.items()}
        # Left out when they say nothing, as states of before have it: there is nothing to change in their volumes.
        more = {"owner": owner, "folders": list(folders)}
        given = {key: value for key, value in more.items() if value}
        props = {"image": image, "volume": volume, "files": secret, "mark": None, **given}
        super().__init__(SecretFilesProvider(), name, props, opts)


def mark_of(files: Mapping[str, Any]) -> str:
    """Keys and tokens are random and long, so that their hash tells nothing about them."""
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:_MARK_CHARS]


def as_found(id_: str, props: Props, volume: Volume) -> ReadResult:
    """*props* with the `mark` of the `files` that are in *volume*: empty when those are others, or none."""
    try:
        found = volume.get(*props["files"])
    except VolumeGoneError:
        # Another one comes in its place, and is empty.
        return ReadResult(id_, {**props, "mark": ""})
    except VolumeFilesError:
        # Docker itself is reported by its own resources.
        return ReadResult(id_, props)
    return ReadResult(id_, {**props, "mark": mark_of(found) if found == props["files"] else ""})


def _volume(props: Props) -> Volume:
    return Volume(props["volume"], props["image"], purpose="secret-files", owner=int(props.get("owner", ROOT)))


def _written(props: Props) -> Props:
    _volume(props).put(props["files"], props.get("folders", ()))
    return {**props, "mark": mark_of(props["files"])}

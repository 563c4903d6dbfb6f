"""Secrets that an engine reads from a file, in a real Docker volume."""

import io
import secrets
import tarfile
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import docker
import pytest
from docker.models.volumes import Volume

from air_gapped import pins
from components.llm.secret_files import SecretFilesProvider
from components.llm.volume_files import VolumeFilesError

pytestmark = pytest.mark.docker
CANARY = "hf_canary_of_the_secret_files"


@pytest.fixture
def volume(engine: docker.DockerClient) -> Iterator[Volume]:
    made = engine.volumes.create(f"trugen-llm-test-{secrets.token_hex(4)}")
    yield made
    made.remove()


def props(volume: str, content: str = CANARY) -> dict[str, Any]:
    return {"volume": volume, "image": pins.OLLAMA_IMAGE, "files": {"token": content}, "__provider": "x"}


def archive_of(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("token")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_a_file_that_was_written_is_found_by_the_next_refresh(volume: Volume) -> None:
    made = SecretFilesProvider().create(props(str(volume.name)))

    assert SecretFilesProvider().read("secret-files", made.outs or {}).outs == made.outs


def test_a_file_that_somebody_changed_is_written_again(volume: Volume) -> None:
    declared = props(str(volume.name))
    outs = SecretFilesProvider().create(declared).outs or {}
    SecretFilesProvider().update("secret-files", outs, props(str(volume.name), "changed behind our back"))

    seen = SecretFilesProvider().read("secret-files", outs).outs or {}

    assert SecretFilesProvider().diff("secret-files", seen, declared).changes


def test_other_contents_have_another_mark_and_the_mark_tells_nothing(volume: Volume) -> None:
    one, two = (SecretFilesProvider().create(props(str(volume.name), text)).outs or {} for text in (CANARY, "other"))

    assert one["mark"] != two["mark"]
    assert CANARY not in one["mark"]


def test_nothing_is_left_of_the_file_once_it_is_not_declared_any_more(volume: Volume) -> None:
    declared = props(str(volume.name))
    outs = SecretFilesProvider().create(declared).outs or {}

    SecretFilesProvider().delete("secret-files", outs)

    emptied = {**declared, "files": {"token": ""}}
    assert SecretFilesProvider().read("secret-files", {**emptied, "mark": "x"}).outs == {
        **emptied,
        "mark": (SecretFilesProvider().create(emptied).outs or {})["mark"],
    }


@pytest.mark.parametrize(("owner", "declared"), [(0, {}), (65532, {"owner": 65532.0})], ids=["root", "another user"])
def test_only_its_owner_in_a_container_may_read_the_file(
    volume: Volume, engine: docker.DockerClient, owner: int, declared: dict[str, Any]
) -> None:
    SecretFilesProvider().create(props(str(volume.name)) | declared)

    reader = engine.containers.create(pins.OLLAMA_IMAGE, volumes={str(volume.name): {"bind": "/run/seen"}})
    try:
        packed, _ = reader.get_archive("/run/seen/token")
        with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
            token = archive.getmember("token")
    finally:
        reader.remove(force=True)

    assert (oct(token.mode & 0o777), token.uid, token.gid) == ("0o400", owner, owner)


def test_no_container_is_left_behind(volume: Volume, engine: docker.DockerClient) -> None:
    SecretFilesProvider().create(props(str(volume.name)))

    assert engine.containers.list(all=True, filters={"volume": str(volume.name)}) == []


def test_what_an_interrupted_run_left_does_not_hold_the_volume(volume: Volume, engine: docker.DockerClient) -> None:
    """Docker removes no volume that a container names, not even one that never ran."""
    declared = props(str(volume.name))
    with patch("docker.models.containers.Container.remove"):
        outs = SecretFilesProvider().create(declared).outs or {}
    assert len(engine.containers.list(all=True, filters={"volume": str(volume.name)})) == 1

    SecretFilesProvider().delete("secret-files", outs)

    assert engine.containers.list(all=True, filters={"volume": str(volume.name)}) == []


def test_a_file_that_is_no_text_any_more_is_written_again(volume: Volume) -> None:
    declared = props(str(volume.name))
    outs = SecretFilesProvider().create(declared).outs or {}
    with patch("components.llm.volume_files.Volume._archive", return_value=archive_of(b"\xff\xfe")):
        SecretFilesProvider().update("secret-files", outs, declared)

    assert (
        SecretFilesProvider().diff("secret-files", SecretFilesProvider().read("x", outs).outs or {}, declared).changes
    )


def test_a_volume_that_does_not_exist_is_not_made_in_passing(engine: docker.DockerClient) -> None:
    name = f"trugen-llm-test-{secrets.token_hex(4)}"

    with pytest.raises(VolumeFilesError, match=f"volume '{name}'") as caught:
        SecretFilesProvider().create(props(name))

    assert CANARY not in str(caught.value)
    assert engine.volumes.list(filters={"name": name}) == []

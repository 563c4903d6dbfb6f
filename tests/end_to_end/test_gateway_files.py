"""What the gateway reads, in a real Docker volume, and a real Caddy that loads it."""

import io
import secrets
import tarfile
from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import patch

import docker
import pytest
from docker.models.volumes import Volume

from air_gapped import pins
from components.llm.gateway.caddyfile import ADMIN, RUN
from components.llm.gateway.door import Door
from components.llm.gateway.files import GatewayFilesProvider, ReloadError
from components.llm.gateway.routes import only
from components.llm.volume_files import VolumeFilesError, VolumeGoneError
from tests.fixtures.real_servers import RealServer, real_container, wait_for

pytestmark = pytest.mark.docker
GATEWAY = GatewayFilesProvider()
CANARY = "canary-of-the-gateway-files"
NOBODY = "65532:65532"
PLACE = "/run/trugen-llm"


@pytest.fixture
def volume(engine: docker.DockerClient) -> Iterator[Volume]:
    made = engine.volumes.create(f"trugen-llm-test-{secrets.token_hex(4)}")
    yield made
    made.remove()


def caddyfile(answer: str) -> str:
    return f'{{\n\tadmin {ADMIN}\n}}\nhttp://:8080 {{\n\trespond "{answer}"\n}}\n'


def props(volume: str, *, token: str = CANARY, answer: str = "first", container: str = "none") -> dict[str, Any]:
    files = {"Caddyfile": caddyfile(answer), "token": token, "private-token": f"{CANARY}-private"}
    return {"volume": volume, "image": pins.CADDY_IMAGE, "container": container, "files": files, "__provider": "x"}


def created(declared: dict[str, Any]) -> dict[str, Any]:
    return GATEWAY.create(declared).outs or {}


def members(engine: docker.DockerClient, volume: Volume) -> list[tarfile.TarInfo]:
    """Files of the volume, as a container sees them."""
    reader = engine.containers.create(pins.CADDY_IMAGE, volumes={str(volume.name): {"bind": PLACE}})
    try:
        packed, _ = reader.get_archive(f"{PLACE}/.")
        with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
            return [one for one in archive.getmembers() if one.isfile()]
    finally:
        reader.remove(force=True)


def test_files_that_were_written_are_found_by_the_next_refresh(volume: Volume) -> None:
    made = created(props(str(volume.name)))

    assert made == GATEWAY.read("id", made).outs


def test_a_file_that_somebody_changed_is_written_again(volume: Volume) -> None:
    declared = props(str(volume.name))
    outs = created(declared)
    GATEWAY.update("id", outs, props(str(volume.name), token="changed behind our back"))

    seen = GATEWAY.read("id", outs).outs or {}

    assert GATEWAY.diff("id", seen, declared).changes


def test_nobody_but_the_process_of_the_gateway_may_read_them(engine: docker.DockerClient, volume: Volume) -> None:
    made = created(props(str(volume.name)))
    GATEWAY.update("id", made, props(str(volume.name), token="another"))
    Door.of({"volume": volume.name, "image": pins.CADDY_IMAGE, "address": "engine-a:1"}, "test").lead(only("a:1", "m"))

    found = {one.name.rpartition("/")[2]: (oct(one.mode & 0o777), one.uid, one.gid) for one in members(engine, volume)}

    names = {"token", "previous-token", "older-token", "private-token", "routes.json", "next-routes.json", "Caddyfile"}
    assert dict.fromkeys(names, ("0o400", 65532, 65532)) == found


def test_another_user_of_a_container_is_refused(engine: docker.DockerClient, volume: Volume) -> None:
    created(props(str(volume.name)))

    with pytest.raises(docker.errors.ContainerError, match=r"(?i)permission denied") as refused:
        engine.containers.run(
            pins.CADDY_IMAGE,
            ["cat", f"{PLACE}/token"],
            user="1000:1000",
            network_mode="none",
            volumes={str(volume.name): {"bind": PLACE, "mode": "ro"}},
            remove=True,
        )

    assert CANARY not in str(refused.value)


def test_no_container_is_left_behind(engine: docker.DockerClient, volume: Volume) -> None:
    GATEWAY.update("id", created(props(str(volume.name))), props(str(volume.name), token="another"))

    assert engine.containers.list(all=True, filters={"volume": str(volume.name)}) == []


def test_what_an_interrupted_run_left_stands_in_nobodys_way(engine: docker.DockerClient, volume: Volume) -> None:
    outs = created(props(str(volume.name)))
    with patch("docker.models.containers.Container.remove"):
        GATEWAY.read("id", outs)
    assert len(engine.containers.list(all=True, filters={"volume": str(volume.name)})) == 1

    assert outs == GATEWAY.read("id", outs).outs
    assert engine.containers.list(all=True, filters={"volume": str(volume.name)}) == []


def test_neither_a_volume_nor_an_image_that_is_not_there_is_made_in_passing(
    engine: docker.DockerClient, volume: Volume
) -> None:
    name = f"trugen-llm-test-{secrets.token_hex(4)}"

    with pytest.raises(VolumeGoneError, match=f"volume '{name}'") as no_volume:
        GATEWAY.create(props(name))
    with pytest.raises(VolumeGoneError, match=f"volume '{volume.name}'") as no_image:
        GATEWAY.create({**props(str(volume.name)), "image": f"{name}:none"})

    assert CANARY not in f"{no_volume.value}{no_image.value}"
    assert engine.volumes.list(filters={"name": name}) == []


def test_a_docker_that_does_not_answer_is_told_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    with pytest.raises(VolumeFilesError, match=r"(?s)could not be reached.*`docker info`") as caught:
        GATEWAY.create(props("any"))

    assert CANARY not in str(caught.value)


def test_a_refresh_without_docker_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    outs = {**props("any"), "mark": "x"}
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    assert outs == GATEWAY.read("id", outs).outs


@pytest.fixture
def gateway(volume: Volume) -> Iterator[RealServer]:
    """A real Caddy that runs by the files of the volume."""
    created(props(str(volume.name)))
    volumes = {str(volume.name): {"bind": PLACE, "mode": "ro"}}
    options = {"user": NOBODY, "cap_add": ["NET_BIND_SERVICE"], "environment": ["HOME=/tmp", "XDG_CONFIG_HOME=/tmp"]}
    with real_container(pins.CADDY_IMAGE, 8080, command=list(RUN), volumes=volumes, **options) as server:
        wait_for(server, "/")
        yield server


def says(engine: docker.DockerClient, gateway: RealServer) -> str:
    """As asked from within, where nothing stands between."""
    asked = engine.containers.get(gateway.container_id).exec_run("wget -q -O - http://127.0.0.1:8080/")
    return cast("bytes", asked.output).decode()


def test_another_configuration_is_loaded_without_a_restart(
    engine: docker.DockerClient, volume: Volume, gateway: RealServer
) -> None:
    declared = props(str(volume.name), answer="second", container=gateway.container_id)
    began = engine.containers.get(gateway.container_id).attrs["State"]["StartedAt"]

    GATEWAY.update("id", props(str(volume.name)), declared)

    assert "second" == says(engine, gateway)
    assert began == engine.containers.get(gateway.container_id).attrs["State"]["StartedAt"]


def test_a_configuration_that_caddy_refuses_leaves_the_former_one_at_work(
    engine: docker.DockerClient, volume: Volume, gateway: RealServer
) -> None:
    declared = props(str(volume.name), container=gateway.container_id)
    declared["files"]["Caddyfile"] = "nonsense {\n"

    with pytest.raises(ReloadError, match=r"(?s)goes on with the former one.*`pulumi up` again") as caught:
        GATEWAY.update("id", props(str(volume.name)), declared)

    assert "first" == says(engine, gateway)
    assert CANARY not in str(caught.value)


def test_a_gateway_that_does_not_run_reads_its_configuration_when_it_starts(volume: Volume) -> None:
    made = created(props(str(volume.name)))

    assert GATEWAY.update("id", made, props(str(volume.name), answer="second", container="no-such-container")).outs

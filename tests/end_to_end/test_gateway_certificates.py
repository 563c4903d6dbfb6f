"""A gateway that makes its own certificate, locked down as in the product: it keeps its authority over restarts."""

import io
import secrets
import ssl
import tarfile
from collections.abc import Iterator
from contextlib import closing

import docker
import pytest
from docker.models.volumes import Volume as DockerVolume

from air_gapped import pins
from components.llm.gateway import caddyfile
from components.llm.gateway.document import GatewaySettings
from components.llm.gateway.door import GATEWAY_USER
from components.llm.gateway.places import CADDYFILE, PLACE, PRIVATE_TOKEN, TOKEN
from components.llm.volume_files import Volume
from tests.fixtures.real_servers import RealServer, real_container, wait_for

pytestmark = pytest.mark.docker
TLS = GatewaySettings.model_validate({"tls": {"hostname": "localhost", "internal": True}})
ROOT = f"{caddyfile.STORAGE}/pki/authorities/local/root.crt"


@pytest.fixture
def volumes(engine: docker.DockerClient) -> Iterator[tuple[str, str]]:
    """Names: what the gateway reads, and what it keeps."""
    made: list[DockerVolume] = [engine.volumes.create(f"trugen-llm-test-{secrets.token_hex(4)}") for _ in range(2)]
    read, kept = (str(one.name) for one in made)
    files = {CADDYFILE: caddyfile.caddyfile(TLS, None), TOKEN: "t" * 43, PRIVATE_TOKEN: "p" * 43}
    Volume(read, pins.CADDY_IMAGE, "test", GATEWAY_USER).put(files)
    Volume(kept, pins.CADDY_IMAGE, "test", GATEWAY_USER).put({}, [caddyfile.STORAGE_FOLDER])
    yield read, kept
    for one in made:
        one.remove()


def authority_of(engine: docker.DockerClient, volumes: tuple[str, str]) -> bytes:
    """The root certificate of a gateway that has started on *volumes*, read while it runs."""
    read, kept = volumes
    with real_container(
        pins.CADDY_IMAGE,
        caddyfile.METRICS_PORT,
        entrypoint=list(caddyfile.RUN),
        user=f"{GATEWAY_USER}:{GATEWAY_USER}",
        cap_add=["NET_BIND_SERVICE"],
        environment=["HOME=/tmp", "XDG_CONFIG_HOME=/tmp", "XDG_DATA_HOME=/tmp"],
        # Of its network there is none here: its health is shown to whoever asks.
        extra_hosts={caddyfile.METRICS_HOST: "0.0.0.0"},
        volumes={read: {"bind": PLACE, "mode": "ro"}, kept: {"bind": caddyfile.STORAGE_VOLUME, "mode": "rw"}},
    ) as server:
        wait_for(server, "/healthz")
        return _file(engine, server, ROOT)


def _file(engine: docker.DockerClient, server: RealServer, path: str) -> bytes:
    packed, _ = engine.containers.get(server.container_id).get_archive(path)
    with closing(tarfile.open(fileobj=io.BytesIO(b"".join(packed)))) as archive:
        found = archive.extractfile("root.crt")
        return found.read() if found else b""


def test_a_new_container_has_the_authority_of_the_one_before(
    engine: docker.DockerClient, volumes: tuple[str, str]
) -> None:
    first = authority_of(engine, volumes)

    assert ssl.PEM_cert_to_DER_cert(first.decode())
    assert authority_of(engine, volumes) == first

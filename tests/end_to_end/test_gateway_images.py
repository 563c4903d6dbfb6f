"""The images of the gateway, pulled or assembled by air_gapped: they start locked down as the product runs them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from air_gapped import pins
from tests.fixtures.real_servers import real_container, wait_for

pytestmark = pytest.mark.docker

# `real_container` adds a read-only root, no capabilities and no-new-privileges.
_NOBODY = "65532:65532"
_ONE_CAPABILITY: Mapping[str, Any] = {"user": _NOBODY, "cap_add": ["NET_BIND_SERVICE"]}
_CADDYFILE = """{
    admin off
}
http:// {
    respond /healthz "healthy"
}
"""
_SERVER = (
    "import asyncio, http.client, json, socket, ssl, http.server;"
    "http.server.HTTPServer(('', 8090), http.server.SimpleHTTPRequestHandler).serve_forever()"
)


@pytest.fixture
def caddyfile(tmp_path: Path) -> Mapping[str, Any]:
    path = tmp_path / "Caddyfile"
    path.write_text(_CADDYFILE)
    path.chmod(0o644)
    return {"volumes": [f"{path}:/etc/caddy/Caddyfile:ro"]}


def test_caddy_serves_what_its_caddyfile_says(caddyfile: Mapping[str, Any]) -> None:
    with real_container(pins.CADDY_IMAGE, 80, **_ONE_CAPABILITY, **caddyfile) as server:
        wait_for(server, "/healthz")
        said = requests.get(f"{server.root_url}/healthz", timeout=10)

    assert "healthy" == said.text
    assert "Caddy" == said.headers["Server"]


def test_the_health_of_caddy_can_be_checked_from_within(
    engine: docker.DockerClient, caddyfile: Mapping[str, Any]
) -> None:
    with real_container(pins.CADDY_IMAGE, 80, **_ONE_CAPABILITY, **caddyfile) as server:
        wait_for(server, "/healthz")
        container = engine.containers.get(server.container_id)
        asked = container.exec_run(["sh", "-c", "wget -q -O - http://127.0.0.1:80/healthz"])
        refused = container.exec_run("wget -q -O /dev/null http://127.0.0.1:9/healthz")

    assert (0, b"healthy") == (asked.exit_code, asked.output)
    assert 1 == refused.exit_code


def test_caddy_is_the_release_that_its_tag_names(engine: docker.DockerClient) -> None:
    said = engine.containers.run(pins.CADDY_IMAGE, ["caddy", "version"], remove=True)

    assert said.decode().startswith(f"v{pins.CADDY_IMAGE.split(':')[1]} ")


def test_caddy_cannot_be_started_without_the_one_capability_that_its_file_carries(engine: docker.DockerClient) -> None:
    with pytest.raises(docker.errors.DockerException, match="operation not permitted"):
        engine.containers.run(pins.CADDY_IMAGE, ["caddy", "version"], cap_drop=["ALL"], user=_NOBODY, remove=True)


def test_python_runs_a_server_made_of_its_standard_library() -> None:
    with real_container(pins.PYTHON_IMAGE, 8090, command=["python3", "-c", _SERVER], user=_NOBODY) as server:
        wait_for(server, "/")
        said = requests.get(server.root_url, timeout=10)

    assert 200 == said.status_code

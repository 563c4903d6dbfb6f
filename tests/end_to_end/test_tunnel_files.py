"""
What the process of a tunnel may do, tried in a real container.

The vendors' images cannot be had here, so Python stands in for their programs: same user, files and fences, no tunnel.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.models.volumes import Volume

from air_gapped import pins
from components.llm.gateway.document import Tunnel
from components.llm.gateway.tunnel import CONNECTORS, PLACE, tunnel_container, tunnel_files
from components.llm.secret_files import SecretFilesProvider

pytestmark = pytest.mark.docker
TOKEN = "canary-0123456789abcdef"
TUNNELS = {
    "cloudflared": Tunnel(kind="cloudflared", hostname="llm.example.com"),
    "tailscale": Tunnel(kind="tailscale", hostname="llm.tail1234.ts.net"),
    "ngrok": Tunnel(kind="ngrok", hostname="llm.ngrok.app"),
}
TRY_IT = """
import json, os, pathlib
def works(path):
    try:
        path.write_text("x")
    except OSError:
        return False
    return True
place = pathlib.Path(os.environ["PLACE"])
read = {one.name: one.read_text() for one in place.iterdir()}
state = place / "state"
tried = {"writes": state, "root": pathlib.Path("/x"), "tmp": pathlib.Path("/tmp/x")}
print(json.dumps({"read": read, **{name: works(path) for name, path in tried.items()}}))
"""


@pytest.fixture
def volume(engine: docker.DockerClient) -> Iterator[Volume]:
    made = engine.volumes.create(f"trugen-llm-test-{secrets.token_hex(4)}")
    yield made
    made.remove()


def tried(engine: docker.DockerClient, volume: Volume, kind: str) -> dict[str, Any]:
    spec = tunnel_container(TUNNELS[kind])
    output = engine.containers.run(
        pins.PYTHON_IMAGE,
        ["python3", "-c", TRY_IT],
        user=spec.user,
        environment={"PLACE": PLACE},
        volumes={str(volume.name): {"bind": PLACE, "mode": "ro" if spec.volume_read_only else "rw"}},
        read_only=True,
        tmpfs={"/tmp": "rw,noexec,nosuid,size=16m"},  # noqa: S108 - inside the container
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        network_mode="none",
        remove=True,
    )
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.mark.parametrize("kind", TUNNELS)
def test_a_tunnel_without_any_capability_reads_its_secret_and_writes_only_what_it_has_to_keep(
    engine: docker.DockerClient, volume: Volume, kind: str
) -> None:
    files = dict(tunnel_files(TUNNELS[kind], TOKEN))
    owner = {"owner": CONNECTORS[kind].user}
    declared = {"volume": str(volume.name), "image": pins.PYTHON_IMAGE, "files": files, "__provider": "x", **owner}
    SecretFilesProvider().create(declared)

    assert tried(engine, volume, kind) == {
        "read": files,
        "writes": kind == "tailscale",
        "root": False,
        "tmp": True,
    }

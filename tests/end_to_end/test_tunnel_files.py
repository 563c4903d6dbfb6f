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
read = {one.name: one.read_text() for one in place.iterdir() if one.is_file()}
kept = (place / "state" / "x").exists()
tried = {"volume": place, "state": place / "state", "root": pathlib.Path("/"), "tmp": pathlib.Path("/tmp")}
print(json.dumps({"read": read, "kept": kept, **{name: works(path / "x") for name, path in tried.items()}}))
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


def put(volume: Volume, kind: str, token: str) -> dict[str, str]:
    """What the stack puts into the volume."""
    facts, files = CONNECTORS[kind], dict(tunnel_files(TUNNELS[kind], token))
    of_whom = {"owner": facts.user, "folders": [facts.state] if facts.state else []}
    declared = {"volume": str(volume.name), "image": pins.PYTHON_IMAGE, "files": files, "__provider": "x", **of_whom}
    SecretFilesProvider().create(declared)
    return files


@pytest.mark.parametrize("kind", TUNNELS)
def test_a_tunnel_without_any_capability_reads_its_secret_and_writes_only_what_it_has_to_keep(
    engine: docker.DockerClient, volume: Volume, kind: str
) -> None:
    files = put(volume, kind, TOKEN)

    assert tried(engine, volume, kind) == {
        "read": files,
        "kept": False,
        "volume": False,
        "state": kind == "tailscale",
        "root": False,
        "tmp": True,
    }


def test_what_a_tunnel_keeps_survives_a_new_token(engine: docker.DockerClient, volume: Volume) -> None:
    """Tailscale's machine would get another name, and its host name with it."""
    put(volume, "tailscale", TOKEN)
    tried(engine, volume, "tailscale")

    put(volume, "tailscale", "canary-of-another-token")

    assert tried(engine, volume, "tailscale")["kept"]

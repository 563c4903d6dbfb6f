"""The container of a tunnel, as asked of Docker: hardened like the others, its secret in a file and nowhere else."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from components.llm.gateway.document import Tunnel
from components.llm.gateway.tunnel_server import GatewayTunnel
from tests.program.conftest import Program, is_secret, stack_file

Declare = Callable[[Callable[[], object]], Program]
TUNNELS = {
    "cloudflared": Tunnel(kind="cloudflared", hostname="llm.example.com"),
    "tailscale": Tunnel(kind="tailscale", hostname="llm.tail1234.ts.net"),
    "ngrok": Tunnel(kind="ngrok", hostname="llm.ngrok.app"),
}
TOKEN = "canary-0123456789abcdef"
AUTHTOKEN = "canary_4nq9771bPxe8ctg7LKr_2ClH7Y15Zqe4bWLWF9p"
each_kind = pytest.mark.parametrize("kind", TUNNELS)


def declared(declare: Declare, kind: str) -> Program:
    tunnel = TUNNELS[kind]
    return declare(lambda: GatewayTunnel("main", tunnel, TOKEN, "the-front", pulumi.ResourceOptions()))


def container(declare: Declare, kind: str) -> Mapping[str, Any]:
    return declared(declare, kind).only("Container").inputs


@each_kind
def test_the_token_is_known_to_the_secret_files_only(declare: Declare, kind: str) -> None:
    program = declared(declare, kind)
    files = program.only("SecretFiles")

    holders = [one.urn for one in program.resources if TOKEN in json.dumps(dict(one.inputs), default=str)]

    (name,) = [name for name, content in files.inputs["files"]["value"].items() if TOKEN in content]
    assert holders == [files.urn]
    assert is_secret(files, f"files.{name}")


@each_kind
def test_it_publishes_no_port_and_meets_the_gateway_only(declare: Declare, kind: str) -> None:
    asked = container(declare, kind)

    assert "ports" not in asked
    assert asked["networksAdvanced"] == [{"name": "the-front"}]


@each_kind
def test_it_is_hardened_like_every_container(declare: Declare, kind: str) -> None:
    asked = container(declare, kind)

    assert asked["capabilities"] == {"drops": ["ALL"]}
    assert asked["securityOpts"] == ["no-new-privileges:true"]
    assert asked["readOnly"] is True
    assert list(asked["tmpfs"].values()) == ["rw,noexec,nosuid,size=16m"]
    assert (asked["memory"], asked["memorySwap"]) == (256, 256)
    assert {"privileged", "devices", "pidMode", "ipcMode"} & asked.keys() == set()


@pytest.mark.parametrize(
    ("kind", "user", "writes"),
    [
        ("cloudflared", "65532:65532", "nothing"),
        ("tailscale", "65532:65532", "its state"),
        ("ngrok", "1000:100", "nothing"),
    ],
)
def test_its_user_may_read_its_files_and_write_where_it_has_to(
    declare: Declare, kind: str, user: str, writes: str
) -> None:
    program = declared(declare, kind)
    asked = program.only("Container").inputs

    assert asked["user"] == user
    assert program.only("SecretFiles").inputs.get("owner", 0) == int(user.split(":", maxsplit=1)[0])
    (volume,) = asked["volumes"]
    assert volume["containerPath"] == "/run/trugen-llm"
    assert volume.get("readOnly", False) is (writes == "nothing")


@each_kind
def test_a_new_token_makes_a_new_container(declare: Declare, kind: str) -> None:
    program = declared(declare, kind)

    assert program.only("SecretFiles").urn in program.only("Container").input_dependencies["labels"]


@each_kind
def test_everything_of_it_bears_its_own_name_and_its_owner(declare: Declare, kind: str) -> None:
    program = declared(declare, kind)

    for one in (program.only("Container"), program.only("Volume")):
        assert one.inputs["name"] == "trugen-llm-test-main-tunnel"
        assert {"label": "trugen-llm.llm", "value": "main"} in one.inputs["labels"]


def test_its_health_is_asked_where_the_image_can_tell(declare: Declare) -> None:
    """Without its inspector, which would keep prompts, ngrok has nothing to ask; the gate calls the public URL."""
    checked = {kind: "healthcheck" in container(declare, kind) for kind in TUNNELS}

    assert checked == {"cloudflared": True, "tailscale": True, "ngrok": False}


@pytest.fixture
def tunnelled(run: Callable[..., Program]) -> Program:
    """The local stack with a tunnel in front of its gateway."""
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"]["gateway"] = {"tunnel": {"kind": "ngrok", "hostname": "llm.ngrok.app"}}
    return run(config, {"tunnelTokens": {"main": AUTHTOKEN}})


def called(program: Program, name: str) -> Any:
    """The container or network of that name in Docker."""
    kinds = (*program.all("Container"), *program.all("Network"))
    (found,) = [one for one in kinds if one.inputs["name"] == f"trugen-llm-test-main-{name}"]
    return found


def test_agents_call_the_host_name_of_the_tunnel_once_it_is_proven(tunnelled: Program) -> None:
    gate = tunnelled.only("ChatCompletionsReady")
    (agent,) = tunnelled.all("Agent")

    assert gate.inputs["agent_url"] == "https://llm.ngrok.app/v1"
    assert agent.inputs["llm_url"] == "https://llm.ngrok.app/v1"
    assert called(tunnelled, "tunnel").urn in gate.input_dependencies["agent_url"]


def test_the_tunnel_is_beside_the_gateway_and_not_beside_the_engine(tunnelled: Program) -> None:
    networks = {
        name: {one["name"] for one in called(tunnelled, name).inputs["networksAdvanced"]}
        for name in ("tunnel", "gateway", "a")
    }

    assert networks["tunnel"] <= networks["gateway"]
    assert networks["tunnel"].isdisjoint(networks["a"])


def test_the_network_of_a_tunnel_has_a_way_out_and_otherwise_it_has_none(tunnelled: Program, local: Program) -> None:
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    (without,) = [one for one in local.all("Network") if one.inputs["name"].endswith("-front")]

    assert masquerade not in called(tunnelled, "front").inputs.get("options", {})
    assert without.inputs["options"][masquerade] == "false"


def test_in_the_whole_program_the_tunnels_token_stands_in_its_file_only(tunnelled: Program) -> None:
    holders = {one.name for one in tunnelled.resources if AUTHTOKEN in json.dumps(dict(one.inputs), default=str)}

    assert holders == {"main-tunnel"}
    assert AUTHTOKEN not in json.dumps(tunnelled.exports, default=str)

"""The way from a caller to an engine: doors, networks, slots, and where the gateway's secrets go."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from air_gapped import pins
from components.llm.gateway.document import GatewaySettings
from tests.program.conftest import Program, Registered, is_secret, stack_file

Run = Callable[..., Program]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "canary-public-token-0123456789abcdef"
HUB_TOKEN = "hf_canary0123456789abcdef0123456789ab"
PROVIDER_KEY = "sk-ant-canary-key-0123456789"
TUNNEL_TOKEN = "eyJhIjoiY2FuYXJ5LXR1bm5lbC10b2tlbiJ9"
PRIVATE_TOKEN = "canary-token-of-main-private"
TLS = {"hostname": "llm.example.com", "internal": True}
PULLED = {"engine": "ollama", "model": "llama3.2:1b", "port": 20000}
HUB = {
    "engine": "vllm",
    "model": "support",
    "weights": {"repository": "acme/support-8b", "revision": COMMIT},
    "gpu": "all",
    "port": 20000,
}
CLAUDE = {"engine": "anthropic", "model": "claude-sonnet-4-5", "port": 20000}
PRIVATE_DOOR = {"ip": "127.0.0.1", "external": 20001, "internal": 8081, "protocol": "tcp"}


@pytest.fixture
def deploy(run: Run) -> Callable[..., Program]:
    """Run a stack whose LLM is *llm* with these settings of its gateway."""

    def deployed(llm: Mapping[str, Any], secrets: Mapping[str, Any] | None = None, **options: Any) -> Program:
        config = stack_file("local")["config"]
        config["trugen-llm:llms"]["main"] = dict(llm)
        return run(config, secrets, **options)

    return deployed


def with_gateway(**settings: Any) -> dict[str, Any]:
    return {**PULLED, "gateway": settings}


def networks_of(container: Registered) -> dict[str, list[str]]:
    return {one["name"]: one.get("aliases", []) for one in container.inputs["networksAdvanced"]}


def files_of(program: Program) -> dict[str, str]:
    files: dict[str, str] = program.only("GatewayFiles").inputs["files"]["value"]
    return files


DOORS = [
    ({}, {"ip": "127.0.0.1", "internal": 8080}),
    ({"bind": "127.0.0.2"}, {"ip": "127.0.0.2", "internal": 8080}),
    ({"tls": TLS}, {"ip": "0.0.0.0", "internal": 8443}),
    ({"tls": TLS, "bind": "::1"}, {"ip": "::1", "internal": 8443}),
]


@pytest.mark.parametrize(("settings", "public"), DOORS)
def test_the_public_door_listens_where_the_stack_says_and_the_private_one_on_loopback(
    deploy: Run, settings: dict[str, Any], public: dict[str, Any]
) -> None:
    ports = deploy(with_gateway(**settings)).gateway.inputs["ports"]

    assert sorted(ports, key=lambda port: str(port["external"])) == [
        {**public, "external": 20000, "protocol": "tcp"},
        PRIVATE_DOOR,
    ]


@pytest.mark.parametrize("settings", [settings for settings, _ in DOORS])
def test_ports_ascend_by_the_one_inside_as_docker_tells_them(deploy: Run, settings: dict[str, Any]) -> None:
    """Another order is a difference on every run."""
    inside = [port["internal"] for port in deploy(with_gateway(**settings)).gateway.inputs["ports"]]

    assert inside == sorted(inside)


URLS = [
    ({}, "http://127.0.0.1:20000/v1"),
    ({"gateway": {"tls": TLS}}, "https://llm.example.com:20000/v1"),
    ({"gateway": {"tls": TLS}, "port": 443, "privatePort": 20001}, "https://llm.example.com/v1"),
    ({"publicUrl": "https://edge.example.com/v1"}, "https://edge.example.com/v1"),
]


@pytest.mark.parametrize(("changes", "url"), URLS)
def test_agents_get_the_url_of_the_public_door_and_the_proof_begins_at_the_private_one(
    deploy: Run, changes: dict[str, Any], url: str
) -> None:
    program = deploy({**PULLED, **changes})
    gate = program.only("ChatCompletionsReady").inputs

    assert program.only("Agent").inputs["llm_url"] == gate["agent_url"] == url
    assert gate["base_url"] == "http://127.0.0.1:20001/engine-a/11434/v1"
    assert gate["auth_required"] is True


@pytest.mark.parametrize("slot", ["a", "b"])
def test_the_chosen_slot_is_declared_and_the_other_is_not(deploy: Run, slot: str) -> None:
    """Pulumi deletes what is not declared, last of all: until then the engine in the other slot serves."""
    program = deploy(PULLED, slot=slot)

    assert (program.engine.name, program.engine.inputs["name"]) == (f"main-{slot}", f"trugen-llm-test-main-{slot}")
    assert networks_of(program.engine) == {"trugen-llm-test-main-private": [f"engine-{slot}"]}
    assert {one.name for one in program.all("Container")} == {f"main-{slot}", "main-relay", "main-gateway"}


def test_everything_that_changes_an_engine_means_the_one_in_the_chosen_slot(deploy: Run) -> None:
    program = deploy(PULLED, slot="b")
    api = "http://127.0.0.1:20001/engine-b/11434"

    assert program.only("ChatCompletionsReady").inputs["base_url"] == f"{api}/v1"
    assert program.only("OllamaModel").inputs["api_url"] == program.only("UnusedModels").inputs["api_url"] == api
    behind = [
        program.only(kind).inputs["gateway"]["address"] for kind in ("ChatCompletionsReady", "OllamaModel", "Drain")
    ]
    assert behind == ["engine-b:11434"] * 3


def test_another_slot_changes_nothing_of_what_callers_reach(deploy: Run) -> None:
    """Neither gateway nor relay is replaced while an engine is proven beside the other."""
    first, second = (deploy(PULLED, slot=slot) for slot in ("a", "b"))

    for former, later in ((first.gateway, second.gateway), (first.relay, second.relay)):
        assert (former.urn, former.inputs) == (later.urn, later.inputs)
    assert files_of(first) == files_of(second)
    assert first.only("Agent").inputs == second.only("Agent").inputs


def test_an_engine_in_slot_a_is_the_container_of_the_releases_without_a_gateway(deploy: Run) -> None:
    """It is replaced and not kept beside the new one, since it holds the port that the gateway needs."""
    first, second = (deploy(PULLED, slot=slot).engine.options.aliases for slot in ("a", "b"))

    assert [alias.spec.name for alias in first] == ["main-container"]
    assert list(second) == []


def test_both_slots_share_the_weights(deploy: Run) -> None:
    volumes = [deploy(PULLED, slot=slot).engine.inputs["volumes"] for slot in ("a", "b")]

    assert volumes[0] == volumes[1]


def test_a_proxy_has_a_configuration_of_its_own_in_each_slot(deploy: Run) -> None:
    """The one that serves may start again while the other is proven with another key."""
    secrets = {"providerKeys": {"main": PROVIDER_KEY}}
    programs = [deploy(CLAUDE, secrets, slot=slot) for slot in ("a", "b")]

    assert [one.only("SecretFiles").inputs["volume"] for one in programs] == [
        "trugen-llm-test-main-anthropic-a",
        "trugen-llm-test-main-anthropic-b",
    ]
    assert len({one.only("SecretFiles").urn for one in programs}) == 2


def test_relay_and_gateway_are_found_by_their_names_on_the_private_network(deploy: Run) -> None:
    program = deploy(PULLED)

    assert networks_of(program.relay) == {"trugen-llm-test-main-private": ["relay"]}
    assert networks_of(program.gateway) == {
        "trugen-llm-test-main-front": ["gateway"],
        "trugen-llm-test-main-private": ["gateway-private"],
    }


def test_the_gateways_numbers_are_told_on_the_private_network_only(deploy: Run) -> None:
    """They listen at its address there, which a tunnel cannot reach; so its health is asked there, too."""
    program = deploy(PULLED)

    assert program.gateway.inputs["healthcheck"]["tests"][-1] == "http://gateway-private:9180/healthz"
    assert "http://:9180 {\n\tbind gateway-private\n" in files_of(program)["Caddyfile"]


GGUF = {**PULLED, "model": "support:1", "gguf": {"path": "models/support.gguf"}}
DIRECTORY = {**HUB, "weights": {"directory": "models/support"}}
LLAMA_CPP = {"engine": "llama.cpp", "model": "support", "gguf": "models/support.gguf", "port": 20000}
EGRESS = [
    ("imports a file", GGUF, "none"),
    ("reads a mounted file", LLAMA_CPP, "none"),
    ("reads a mounted directory", DIRECTORY, "none"),
    ("pulls, while the way out is opened for it", PULLED, "to be joined"),
    ("fetches from the hub whenever it starts", HUB, "joined"),
    ("calls its provider", CLAUDE, "joined"),
]


@pytest.mark.parametrize(("llm", "way_out"), [case[1:] for case in EGRESS], ids=[case[0] for case in EGRESS])
def test_an_engine_has_a_way_out_only_if_it_needs_one(deploy: Run, llm: dict[str, Any], way_out: str) -> None:
    secrets = {"providerKeys": {"main": PROVIDER_KEY}} if llm is CLAUDE else {}
    program = deploy(llm, secrets)
    egress = "trugen-llm-test-main-egress"

    assert (egress in {one.inputs["name"] for one in program.all("Network")}) is (way_out != "none")
    assert (egress in networks_of(program.engine)) is (way_out == "joined")
    assert [one.name for one in (program.relay, program.gateway) if egress in networks_of(one)] == []


def test_a_pull_is_told_which_network_to_open(deploy: Run) -> None:
    assert deploy(PULLED).only("OllamaModel").inputs["egress_network"] == "trugen-llm-test-main-egress"
    assert "egress_network" not in deploy(GGUF).only("OllamaModel").inputs


ACME = {"hostname": "llm.example.com", "acmeEmail": "ops@example.com"}
TUNNEL = {"kind": "cloudflared", "hostname": "llm.example.com"}
NO_WAY_OUT = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
NO_NEIGHBOURS = {"com.docker.network.bridge.enable_icc": "false"}
CLOSED = NO_WAY_OUT | NO_NEIGHBOURS
FRONTS = [({}, CLOSED), ({"tls": TLS}, CLOSED), ({"tls": ACME}, NO_NEIGHBOURS), ({"tunnel": TUNNEL}, {})]


@pytest.mark.parametrize(("settings", "options"), FRONTS, ids=["plain", "own authority", "public authority", "tunnel"])
def test_the_front_has_a_way_out_only_for_a_public_authority_or_a_tunnel_and_neighbours_only_for_a_tunnel(
    deploy: Run, settings: dict[str, Any], options: dict[str, str]
) -> None:
    secrets = {"tunnelTokens": {"main": TUNNEL_TOKEN}} if "tunnel" in settings else {}
    port = 443 if "tls" in settings else 20000

    program = deploy({**PULLED, "port": port, "privatePort": 20001, "gateway": settings}, secrets)

    assert program.named("Network", "main-front").inputs.get("options", {}) == options


def test_the_default_images_are_those_that_this_machine_can_make() -> None:
    assert (GatewaySettings().image, GatewaySettings().relay_image) == (pins.CADDY_IMAGE, pins.PYTHON_IMAGE)


def test_images_can_be_replaced_by_those_of_a_mirror(deploy: Run) -> None:
    settings = with_gateway(image="mirror.example/caddy:2.11.7", relayImage="mirror.example/python:3.11")

    images = {one.name: one.inputs["name"] for one in deploy(settings).all("RemoteImage")}

    assert images["main-gateway-image"] == "mirror.example/caddy:2.11.7"
    assert images["main-relay-image"] == "mirror.example/python:3.11"


def test_what_the_gateway_reads_for_each_request_is_written_as_secret(deploy: Run) -> None:
    program = deploy(PULLED, {"llmTokens": {"main": TOKEN}})
    files = program.only("GatewayFiles")

    assert {name: files_of(program)[name] for name in ("token", "private-token")} == {
        "token": TOKEN,
        "private-token": PRIVATE_TOKEN,
    }
    assert [name for name in files_of(program) if not is_secret(files, f"files.{name}")] == []
    assert files.inputs["volume"] == program.gateway.inputs["volumes"][0]["volumeName"]
    assert files.inputs["container"] == program.gateway.inputs["name"]


def test_its_configuration_is_the_one_of_the_stack(deploy: Run) -> None:
    text = files_of(deploy(with_gateway(hosts=["edge.example.com"], maxBody="1MiB", maxConcurrent=7)))["Caddyfile"]

    assert all(said in text for said in ("edge.example.com", str(2**20), "unhealthy_request_count 7"))


def test_the_relay_is_told_how_long_a_stream_may_be_silent(deploy: Run) -> None:
    """Its program is in its command, for which it needs no file."""
    command = deploy(with_gateway(keepAliveS=7)).relay.inputs["command"]

    assert command[0] == "-c"
    compile(command[1], "relay", "exec")
    assert command[2:] == ["--port", "8090", "--keep-alive-s", "7"]


def test_a_certificate_reaches_the_volume_as_secret_and_stands_nowhere_else(deploy: Run, tmp_path: Path) -> None:
    certificate, key = tmp_path / "full-chain.pem", tmp_path / "key.pem"
    certificate.write_text("canary-certificate")
    key.write_text("canary-key-of-the-certificate")
    tls = {"hostname": "llm.example.com", "certificate": str(certificate), "key": str(key)}

    program = deploy(with_gateway(tls=tls))

    files = program.only("GatewayFiles")
    written = {name: files_of(program)[name] for name in ("certificate.pem", "key.pem")}
    assert written == {"certificate.pem": "canary-certificate", "key.pem": "canary-key-of-the-certificate"}
    assert all(is_secret(files, f"files.{name}") for name in written)
    for canary in written.values():
        assert holders(program, canary) == {("GatewayFiles", "files")}


def test_only_files_tokens_and_proofs_hold_a_secret_and_never_a_container(deploy: Run) -> None:
    secrets = {"llmTokens": {"main": TOKEN}, "hubTokens": {"main": HUB_TOKEN}, "tunnelTokens": {"main": TUNNEL_TOKEN}}
    program = deploy({**HUB, "gateway": {"tunnel": TUNNEL}}, secrets)

    assert holders(program, TOKEN) == {
        ("GatewayFiles", "files"),
        ("ChatCompletionsReady", "token"),
        ("Agent", "llm_token"),
    }
    assert holders(program, PRIVATE_TOKEN) == {
        ("GatewayFiles", "files"),
        ("ChatCompletionsReady", "private_token"),
        ("Drain", "private_token"),
    }
    assert holders(program, HUB_TOKEN) == holders(program, TUNNEL_TOKEN) == {("SecretFiles", "files")}


@pytest.mark.parametrize("kind", ["OllamaModel", "UnusedModels"])
def test_the_private_token_is_secret_where_models_are_kept(deploy: Run, kind: str) -> None:
    assert is_secret(deploy(PULLED).only(kind), "token")


@pytest.mark.parametrize(("kind", "key"), [("ChatCompletionsReady", "private_token"), ("Drain", "private_token")])
def test_the_private_token_is_secret_where_it_opens_the_private_door(deploy: Run, kind: str, key: str) -> None:
    assert is_secret(deploy(PULLED).only(kind), key)


def test_a_new_generation_asks_for_a_new_token_of_the_public_door_only(deploy: Run) -> None:
    program = deploy(with_gateway(tokenGeneration=3))

    assert {one.name: one.inputs["generation"] for one in program.all("BearerToken")} == {
        "main": 3,
        "main-private": 1,
        "main-engine": 1,
    }


def holders(program: Program, canary: str) -> set[tuple[str, str]]:
    """Kinds and inputs in which *canary* stands."""
    return {
        (one.type.rpartition(":")[2], key)
        for one in program.resources
        for key, value in one.inputs.items()
        if canary in json.dumps(value, default=str)
    }


def test_nobody_waits_long_for_the_name_of_a_container_that_is_down(local: Program) -> None:
    """Docker leaves it unanswered on an internal network, which resolvers take ten seconds to give up on."""
    short = ["timeout:1", "attempts:2"]

    assert local.gateway.inputs["dnsOpts"] == local.relay.inputs["dnsOpts"] == short

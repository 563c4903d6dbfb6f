"""What a container may have, whoever declares it."""

from typing import Any

import pytest

from policy.seen import IMAGE, UNKNOWN, VOLUME, Seen
from tests.policy.conftest import DIGEST, IN_THE_GATEWAY, IN_THE_SERVER, container, not_yet, urn, violations

CANARY = "sk-canary0canary1canary2"


def test_a_container_with_nothing_special_is_fine(policy: str) -> None:
    assert violations(policy, container()) == []


@pytest.mark.parametrize("name", [DIGEST, "ghcr.io/a/b:1@sha256:" + "f" * 64, "sha256:" + "a" * 64])
def test_an_image_by_its_digest_is_fine(name: str) -> None:
    image = Seen(IMAGE, "main-image", urn(IMAGE), {"name": name})

    assert violations("image-digest", container(image=name)) == violations("image-digest", image) == []


@pytest.mark.parametrize("name", ["caddy", "caddy:2.11.7", "caddy:latest", "caddy@sha256:abc", DIGEST + "0", ""])
def test_an_image_by_its_tag_is_not(name: str) -> None:
    (text,) = violations("image-digest", container(image=name))

    assert f"image is {name[:120]!r}" in text


@pytest.mark.parametrize("memory", [None, 0, -1, "2g"])
def test_a_container_without_a_limit_of_memory_is_refused(memory: object) -> None:
    (text,) = violations("memory-limit", container(memory=memory))

    assert "memory is not limited" in text


def test_a_limit_that_swap_lifts_is_none() -> None:
    (text,) = violations("memory-limit", container(memorySwap=-1.0))

    assert "memorySwap is -1" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"privileged": True}, "privileged is true"),
        ({"privileged": "true"}, "privileged is true"),
        ({"privileged": 1.0}, "privileged is true"),
        ({"capabilities": {"adds": ["CAP_SYS_ADMIN"], "drops": ["ALL"]}}, "capability SYS_ADMIN"),
        ({"capabilities": {"adds": ["all"]}}, "capability ALL"),
        ({"capabilities": {"adds": ["NET_BIND_SERVICE"]}}, "capability NET_BIND_SERVICE"),
        ({"pidMode": "host"}, "pidMode is 'host'"),
        ({"ipcMode": "host"}, "ipcMode is 'host'"),
        ({"usernsMode": "host"}, "usernsMode is 'host'"),
        ({"securityOpts": ["seccomp=unconfined"]}, "takes a guard away"),
        ({"securityOpts": ["apparmor:unconfined"]}, "takes a guard away"),
    ],
)
def test_a_container_gets_no_power_over_this_machine(changes: dict[str, Any], words: str) -> None:
    (text,) = violations("container-privileges", container(**changes))

    assert words in text


def test_the_gateway_may_have_the_one_capability_that_its_binary_carries() -> None:
    bind, more = {"adds": ["CAP_NET_BIND_SERVICE"]}, {"adds": ["CAP_NET_BIND_SERVICE", "CAP_NET_RAW"]}

    assert violations("container-privileges", container(IN_THE_GATEWAY, capabilities=bind)) == []
    assert len(violations("container-privileges", container(IN_THE_GATEWAY, capabilities=more))) == 1


@pytest.mark.parametrize(
    "path",
    ["/var/run/docker.sock", "/run/docker.sock", "//var/run/../run/docker.sock", "/run/user/1000/docker.sock",
     "/run/user/1000", "/run/user/", "/run/containerd/containerd.sock", "/", "/var/run/", "/run"],
)  # fmt: skip
def test_no_way_to_dockers_socket_is_mounted(path: str) -> None:
    by_volume = container(volumes=[{"hostPath": path, "containerPath": "/x"}])
    by_mount = container(mounts=[{"type": "bind", "source": path, "target": "/x"}])
    bound = {"type": "none", "o": "bind", "device": path}
    disguised = Seen(VOLUME, "v", urn(VOLUME), {"driverOpts": bound})
    at_once = container(mounts=[{"type": "volume", "target": "/x", "volumeOptions": {"driverOptions": bound}}])

    found = [len(violations("docker-socket", one)) for one in (by_volume, by_mount, disguised, at_once)]
    assert found == [1, 1, 1, 1]


def test_weights_and_named_volumes_may_be_mounted() -> None:
    mounted = container(
        volumes=[{"hostPath": "/srv/models/a.gguf"}, {"volumeName": "models", "containerPath": "/run"}],
        mounts=[{"type": "tmpfs", "target": "/run"}],
    )

    assert violations("docker-socket", mounted) == []


@pytest.mark.parametrize("changes", [{"networkMode": "host"}, {"networksAdvanced": [{"name": "host"}]}])
def test_no_container_is_on_the_hosts_network(changes: dict[str, Any]) -> None:
    assert len(violations("host-network", container(**changes))) == 1


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "", "10.0.0.1", None, "localhost"])
def test_a_port_beyond_loopback_is_refused(ip: object) -> None:
    port = {"ip": ip, "internal": 11434.0, "external": 11434.0}

    (text,) = violations("port-binding", container(IN_THE_SERVER, ports=[port]))

    assert "port 11434 is bound to" in text


def test_docker_takes_every_address_where_none_is_named() -> None:
    (text,) = violations("port-binding", container(ports=[{"internal": 80.0}]))

    assert "bound to 0.0.0.0" in text


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_port_on_loopback_is_fine(ip: str) -> None:
    assert violations("port-binding", container(ports=[{"ip": ip, "internal": 80.0}])) == []


def test_only_the_public_door_of_the_gateway_may_listen_to_everybody() -> None:
    public, private = {"ip": "0.0.0.0", "internal": 8443.0}, {"ip": "0.0.0.0", "internal": 8081.0}

    (text,) = violations("port-binding", container(IN_THE_GATEWAY, ports=[public, private]))

    assert "port 8081" in text


@pytest.mark.parametrize("all_of_them", [True, "true"])
def test_publishing_every_port_is_refused(all_of_them: object) -> None:
    assert len(violations("port-binding", container(publishAllPorts=all_of_them))) == 1


@pytest.mark.parametrize(
    "entry",
    ["OPENAI_API_KEY=abc", "hf_token=abc", "DB_PASSWORD=x y", f"MODE={CANARY}", f"{CANARY}", f"{CANARY}=", "TOKEN=abc"],
)
def test_a_secret_in_the_environment_is_refused_and_not_shown(entry: str) -> None:
    (text,) = violations("env-secrets", container(envs=["HOME=/root", entry]))

    assert "holds a secret" in text
    assert CANARY not in text
    assert "abc" not in text


@pytest.mark.parametrize(
    "entry",
    ["OLLAMA_KEEP_ALIVE=-1", "MAX_TOKENS=8192", "TOKENIZER=fast", "TS_AUTHKEY=file:/run/trugen-llm/auth-key",
     "NGROK_TOKEN=/run/secrets/token", "HF_TOKEN=", "TOKEN=12", "MONKEY=banana", "LITELLM_LOCAL_MODEL_COST_MAP=True"],
)  # fmt: skip
def test_settings_and_names_of_files_are_no_secrets(entry: str) -> None:
    assert violations("env-secrets", container(envs=[entry])) == []


def test_a_key_in_the_command_is_refused_and_not_shown() -> None:
    (text,) = violations("env-secrets", container(command=["serve", "--api-key", CANARY]))

    assert "word 3 of its command" in text
    assert CANARY not in text


@pytest.mark.parametrize(
    ("policy_id", "key"),
    [
        ("image-digest", "image"),
        ("memory-limit", "memory"),
        ("container-privileges", "privileged"),
        ("container-privileges", "securityOpts"),
        ("docker-socket", "volumes"),
        ("host-network", "networkMode"),
        ("port-binding", "ports"),
        ("env-secrets", "envs"),
    ],
)
def test_what_only_the_run_knows_is_said_to_be_unknown(policy_id: str, key: str) -> None:
    wholly, partly = container(**{key: UNKNOWN}), container(**{key: [UNKNOWN]})

    assert violations(policy_id, wholly) == []
    assert not_yet(policy_id, wholly) == not_yet(policy_id, partly) == [key]


def test_a_violation_beside_something_unknown_is_told_all_the_same() -> None:
    seen = container(envs=[UNKNOWN, "API_KEY=abc"])

    assert len(violations("env-secrets", seen)) == 1
    assert not_yet("env-secrets", seen) == ["envs"]

"""
What every container may and may not do, as asked of Docker.

The numbers are those of the CIS Docker Benchmark 1.6, as docker/docker-bench-security checks them. Each test tells all
containers at once, so that one that differs stands out; the reason stands beside it. The end-to-end tests look at the
running containers.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from components.llm import hardening
from tests.program.conftest import Program, Registered, stack_file

Container = Mapping[str, Any]
Run = Callable[..., Program]
GATEWAY_USER = "65532:65532"
TUNNEL = {"gateway": {"tunnel": {"kind": "cloudflared", "hostname": "llm.example.com"}}}
SECRETS = {"tunnelTokens": {"main": "eyJhIjoiY2FuYXJ5IiwidCI6ImNhbmFyeSJ9"}}
PREFIX = "trugen-llm-local-main"
# What would share something of this machine with a container. Docker's provider has no input for the one of 5.21, the
# host's name.
SHARED = {
    "5.5": "privileged",
    "5.16": "pidMode",
    "5.17": "ipcMode",
    "5.18": "devices",
    "5.25": "cgroupParent",
    "5.31": "usernsMode",
    "cgroup namespace": "cgroupnsMode",
}


def llm(run: Run, secrets: Mapping[str, Any] | None = None, **changes: Any) -> Program:
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"].update(changes)
    return run(config, secrets, stack="local")


@pytest.fixture
def program(run: Run) -> Program:
    """The local stack with every container that an LLM can have."""
    return llm(run, SECRETS, **TUNNEL)


@pytest.fixture
def containers(program: Program) -> dict[str, Registered]:
    return {
        "engine": program.engine,
        "relay": program.relay,
        "gateway": program.gateway,
        "tunnel": program.named("Container", "main-tunnel"),
    }


def of_each(containers: Mapping[str, Registered], key: str) -> dict[str, Any]:
    return {role: container.inputs.get(key) for role, container in containers.items()}


def same(value: Any) -> dict[str, Any]:
    return dict.fromkeys(("engine", "relay", "gateway", "tunnel"), value)


def test_no_container_is_left_out_here(program: Program, containers: Mapping[str, Registered]) -> None:
    assert {one.urn for one in containers.values()} == {one.urn for one in program.all("Container")}


def test_4_1_nobody_is_root_but_the_engine(containers: Mapping[str, Registered]) -> None:
    """The engines' images keep their caches in root's home; it is a root without any capability (5.4)."""
    user = of_each(containers, "user")

    assert user == {"engine": None, "relay": GATEWAY_USER, "gateway": GATEWAY_USER, "tunnel": "65532:65532"}


def test_4_6_and_5_27_health_is_checked_by_a_program_that_the_image_has(containers: Mapping[str, Registered]) -> None:
    tests = {role: check["tests"] for role, check in of_each(containers, "healthcheck").items()}

    assert {role: words[:2] for role, words in tests.items()} == {
        "engine": ["CMD", "ollama"],
        "relay": ["CMD", "python3"],
        "gateway": ["CMD", "wget"],
        "tunnel": ["CMD", "cloudflared"],
    }
    compile(tests["relay"][3], "healthcheck", "exec")


def test_5_4_nobody_has_a_capability_but_the_one_of_caddys_file(containers: Mapping[str, Registered]) -> None:
    """The official binary carries NET_BIND_SERVICE as a file capability and cannot be executed without it."""
    none = {"drops": ["ALL"]}

    assert of_each(containers, "capabilities") == same(none) | {
        "gateway": {"adds": ["CAP_NET_BIND_SERVICE"], "drops": ["ALL"]}
    }


@pytest.mark.parametrize(("number", "key"), SHARED.items())
def test_nothing_of_this_machine_is_shared(containers: Mapping[str, Registered], number: str, key: str) -> None:
    """But GPUs of AMD, which are devices (5.18); `test_engines.py` has them."""
    assert of_each(containers, key) == same(None), number


def test_5_6_and_5_32_nobody_sees_a_folder_of_this_machine_nor_dockers_socket(
    containers: Mapping[str, Registered],
) -> None:
    """But weights that the stack names, read-only; `test_engines.py` has them."""
    volumes = of_each(containers, "volumes")
    place = {"containerPath": "/run/trugen-llm", "readOnly": True}

    assert volumes == {
        "engine": [{"volumeName": f"{PREFIX}-models", "containerPath": "/root/.ollama"}],
        "relay": None,
        "gateway": [{"volumeName": f"{PREFIX}-gateway", **place}],
        "tunnel": [{"volumeName": f"{PREFIX}-tunnel", **place}],
    }


def test_5_8_no_port_of_this_machine_needs_root(containers: Mapping[str, Registered]) -> None:
    ports = of_each(containers, "ports")["gateway"]

    assert [port["external"] for port in ports if port["external"] < 1024] == []


def test_5_8_but_443_where_the_stack_asks_for_https_there(run: Run) -> None:
    tls = {"hostname": "llm.example.com", "internal": True}

    asked = llm(run, port=443, gateway={"tls": tls}).gateway.inputs["ports"]

    assert [(port["external"], port["internal"]) for port in asked] == [(21436, 8081), (443, 8443)]


def test_5_9_only_the_gateway_is_published(containers: Mapping[str, Registered]) -> None:
    assert [role for role, ports in of_each(containers, "ports").items() if ports] == ["gateway"]


def test_5_10_nobody_is_on_the_hosts_network(containers: Mapping[str, Registered]) -> None:
    assert of_each(containers, "networkMode") == same("bridge")


def test_5_11_nobody_takes_more_memory_than_declared_nor_swaps(containers: Mapping[str, Registered]) -> None:
    declared = same(256) | {"engine": 2048, "relay": 256 + 2 * 256 * 4}

    assert of_each(containers, "memory") == of_each(containers, "memorySwap") == declared


def test_5_12_nobody_is_slower_than_this_machine_unless_the_stack_says_so(run: Run) -> None:
    """A caller waits for every token; what the gateway and its relay take is little beside the engine."""
    free, capped = llm(run), llm(run, cpus=1.5)

    assert [one.inputs.get("cpus") for one in free.all("Container")] == [None] * 3
    assert capped.engine.inputs["cpus"] == "1.5"


def test_5_13_root_filesystems_are_read_only(containers: Mapping[str, Registered]) -> None:
    scratch = {role: list(mounts.values()) for role, mounts in of_each(containers, "tmpfs").items()}

    assert set(of_each(containers, "readOnly").values()) == {True}
    assert scratch == same(["rw,noexec,nosuid,size=16m"]) | {"engine": ["rw,noexec,nosuid,size=256m"]}


def test_5_14_the_doors_listen_on_loopback_only(containers: Mapping[str, Registered]) -> None:
    """With `tls` or `bind` the public one listens where the stack says; `test_gateway.py` has them."""
    assert [port["ip"] for port in containers["gateway"].inputs["ports"]] == ["127.0.0.1"] * 2


def test_5_15_they_start_again_until_somebody_stops_them(containers: Mapping[str, Registered]) -> None:
    """Not `on-failure:5`: after a reboot of this machine callers are answered again, without a run of Pulumi."""
    assert of_each(containers, "restart") == same("always")


def test_5_22_and_5_26_seccomp_stays_and_nobody_gains_privileges(containers: Mapping[str, Registered]) -> None:
    assert of_each(containers, "securityOpts") == same(["no-new-privileges:true"])


def test_5_29_the_number_of_processes_is_limited_as_soon_as_a_container_is_there(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a hook, since Docker's provider has no input for it."""
    limits: dict[str, int] = {}
    after_create: list[Callable[[Any], None]] = []

    class Remembered(pulumi.ResourceHookBinding):
        def __init__(self, **hooks: Any) -> None:
            super().__init__(**hooks)
            after_create.extend(hooks.get("after_create", []))

    monkeypatch.setattr(hardening, "limit_processes", limits.__setitem__)
    monkeypatch.setattr(pulumi, "ResourceHookBinding", Remembered)
    program = llm(run, SECRETS, **TUNNEL)
    for hook in after_create:
        hook(None)

    assert limits == {
        f"{PREFIX}-a": 4096,
        f"{PREFIX}-relay": 64,
        f"{PREFIX}-gateway": 256,
        f"{PREFIX}-tunnel": 128,
    }
    assert [one.name for one in program.all("Container") if not one.options.hooks.after_create] == []


def test_5_30_nobody_is_on_dockers_default_network(containers: Mapping[str, Registered]) -> None:
    networks = {
        role: [network["name"] for network in networks]
        for role, networks in of_each(containers, "networksAdvanced").items()
    }

    assert networks == {
        "engine": [f"{PREFIX}-private"],
        "relay": [f"{PREFIX}-private"],
        "gateway": [f"{PREFIX}-front", f"{PREFIX}-private"],
        "tunnel": [f"{PREFIX}-front"],
    }


def test_no_log_can_fill_the_disk(containers: Mapping[str, Registered]) -> None:
    assert of_each(containers, "logDriver") == same("json-file")
    assert of_each(containers, "logOpts") == same({"max-file": "3", "max-size": "10m"})


def test_inputs_that_the_docker_provider_ignores_replace_the_container(containers: Mapping[str, Registered]) -> None:
    """kreuzwerker/terraform-provider-docker#988: they are stored as changed, and the container keeps the old ones."""
    options = [one.options for one in containers.values()]

    assert [list(one.replaceOnChanges) for one in options] == [["healthcheck", "tmpfs"]] * 4
    assert all(one.deleteBeforeReplace for one in options)


def test_durations_are_spelled_as_docker_reads_them_back(containers: Mapping[str, Registered]) -> None:
    """Anything else is a difference on every run."""
    durations = {
        role: {key: value for key, value in check.items() if key != "tests"}
        for role, check in of_each(containers, "healthcheck").items()
    }

    assert durations == same(
        {"interval": "30s", "timeout": "10s", "startPeriod": "1m0s", "startInterval": "0s", "retries": 3}
    )


def test_the_engines_environment_holds_settings_and_no_secret(local: Program) -> None:
    assert local.engine.inputs["envs"] == [
        "HOME=/root",
        "OLLAMA_CONTEXT_LENGTH=2048",
        "OLLAMA_HOST=0.0.0.0:11434",
        "OLLAMA_KEEP_ALIVE=-1",
        "OLLAMA_NO_CLOUD=1",
        "OLLAMA_NUM_PARALLEL=1",
    ]


@pytest.mark.parametrize(("gpu", "asked"), [("off", None), ("all", "all"), ([1], "device=1"), ([0, 2], '"device=0,2"')])
def test_gpus_are_asked_for_as_declared(run: Run, gpu: Any, asked: str | None) -> None:
    assert llm(run, gpu=gpu).engine.inputs.get("gpus") == asked


def test_pulled_images_stay_on_the_machine(local: Program) -> None:
    assert {one.name: (one.inputs["name"], one.inputs["keepLocally"]) for one in local.all("RemoteImage")} == {
        "main-image": ("ollama/ollama:0.24.0", True),
        "main-gateway-image": ("caddy:2.11.7", True),
        "main-relay-image": ("python:3.11-slim-bookworm", True),
    }


def test_everything_in_docker_is_labelled_with_its_owner(program: Program) -> None:
    owner = {"trugen-llm.llm": "main", "trugen-llm.project": "trugen-llm", "trugen-llm.stack": "local"}
    ours = [one for kind in ("Container", "Network", "Volume") for one in program.all(kind)]

    assert len(ours) == 4 + 2 + 3
    assert [one.name for one in ours if not owner.items() <= _labels(one).items()] == []


def test_an_engine_is_labelled_with_its_slot_and_what_it_was_declared_as(local: Program) -> None:
    """Another run chooses its slot by them."""
    labels = _labels(local.engine)

    assert (labels["trugen-llm.slot"], labels["trugen-llm.spec"]) == ("a", "mark-of-main")


def _labels(one: Registered) -> dict[str, str]:
    return {label["label"]: label["value"] for label in one.inputs["labels"]}

"""
What the container may and may not do, as asked of Docker.

The numbers are those of the CIS Docker Benchmark. The end-to-end tests look at the running container.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.program.conftest import Program, stack_file

Container = dict[str, Any]


@pytest.fixture
def container(local: Program) -> Container:
    return dict(local.only("Container").inputs)


def llm(run: Callable[..., Program], **changes: Any) -> Container:
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"].update(changes)
    return dict(run(config).only("Container").inputs)


def test_5_4_it_has_no_capability(container: Container) -> None:
    assert container["capabilities"] == {"drops": ["ALL"]}


def test_5_5_it_is_not_privileged_and_shares_no_namespace_with_the_host(container: Container) -> None:
    assert {"privileged", "pidMode", "ipcMode", "usernsMode", "cgroupnsMode", "devices"} & container.keys() == set()
    assert container["networkMode"] == "bridge"


def test_5_6_it_sees_no_folder_of_the_host(container: Container) -> None:
    (volume,) = container["volumes"]

    assert volume == {"volumeName": "trugen-llm-local-main-models", "containerPath": "/root/.ollama"}


def test_5_11_it_cannot_take_more_memory_than_declared_nor_swap(container: Container) -> None:
    assert (container["memory"], container["memorySwap"]) == (2048, 2048)


def test_5_13_its_root_filesystem_is_read_only(container: Container) -> None:
    assert container["readOnly"] is True
    assert list(container["tmpfs"].values()) == ["rw,noexec,nosuid,size=256m"]


def test_5_14_it_is_reachable_from_this_machine_only(container: Container) -> None:
    assert container["ports"] == [{"ip": "127.0.0.1", "external": 21434, "internal": 11434, "protocol": "tcp"}]


def test_5_26_it_cannot_gain_privileges(container: Container) -> None:
    assert container["securityOpts"] == ["no-new-privileges:true"]


def test_5_27_its_health_is_checked_by_a_program_that_the_image_has(container: Container) -> None:
    assert container["healthcheck"]["tests"] == ["CMD", "ollama", "list"]


def test_5_30_it_has_a_network_of_its_own(container: Container) -> None:
    assert container["networksAdvanced"] == [{"name": "trugen-llm-local-main"}]


def test_its_log_cannot_fill_the_disk(container: Container) -> None:
    assert (container["logDriver"], container["logOpts"]) == ("json-file", {"max-file": "3", "max-size": "10m"})


def test_its_environment_holds_settings_and_no_secret(container: Container) -> None:
    assert container["envs"] == [
        "HOME=/root",
        "OLLAMA_CONTEXT_LENGTH=2048",
        "OLLAMA_HOST=0.0.0.0:11434",
        "OLLAMA_KEEP_ALIVE=-1",
        "OLLAMA_NO_CLOUD=1",
        "OLLAMA_NUM_PARALLEL=1",
    ]


def test_inputs_that_the_docker_provider_ignores_replace_the_container(local: Program) -> None:
    """kreuzwerker/terraform-provider-docker#988: they are stored as changed, and the container keeps the old ones."""
    options = local.only("Container").options

    assert list(options.replaceOnChanges) == ["healthcheck", "tmpfs"]
    assert options.deleteBeforeReplace


def test_durations_are_spelled_as_docker_reads_them_back(container: Container) -> None:
    """Anything else is a difference on every run."""
    assert {key: value for key, value in container["healthcheck"].items() if key != "tests"} == {
        "interval": "30s",
        "timeout": "10s",
        "startPeriod": "1m0s",
        "startInterval": "0s",
        "retries": 3,
    }


@pytest.mark.parametrize(("gpu", "asked"), [("off", None), ("all", "all"), ([1], "device=1"), ([0, 2], '"device=0,2"')])
def test_gpus_are_asked_for_as_declared(run: Callable[..., Program], gpu: Any, asked: str | None) -> None:
    assert llm(run, gpu=gpu).get("gpus") == asked


def test_cpus_are_capped_when_declared(run: Callable[..., Program]) -> None:
    assert llm(run, cpus=1.5)["cpus"] == "1.5"


def test_pulled_images_stay_on_the_machine(local: Program) -> None:
    assert local.only("RemoteImage").inputs == {"name": "ollama/ollama:0.24.0", "keepLocally": True}


def test_everything_in_docker_is_labelled_with_its_owner(local: Program) -> None:
    expected = [
        {"label": "trugen-llm.llm", "value": "main"},
        {"label": "trugen-llm.project", "value": "trugen-llm"},
        {"label": "trugen-llm.stack", "value": "local"},
    ]

    assert [expected] * 3 == [local.only(kind).inputs["labels"] for kind in ("Container", "Network", "Volume")]

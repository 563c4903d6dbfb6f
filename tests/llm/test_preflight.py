"""
What stands in the way is told before anything is created, all of it at once, with the next thing to type.

Docker is a stand-in: the real one has neither a GPU nor a wish to break.
"""

import errno
import gc
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import requests
from docker.errors import DockerException

from components.llm import preflight
from components.llm.docker_facts import why_unusable
from components.llm.document import AnthropicLlm, HostedLlm, Llm, OllamaLlm, VllmLlm
from components.llm.engines import OLLAMA
from components.llm.model_name import ModelName
from components.llm.names import Names
from components.llm.preflight_one import Elsewhere
from components.llm.registry import NoSuchModelError
from tests.fixtures.deployment import free_port
from tests.fixtures.docker_stand_in import DockerStandIn
from tests.llm.test_gguf import model as gguf_bytes

Problems = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerStandIn]:
    with DockerStandIn().serve() as docker:
        monkeypatch.setenv("DOCKER_HOST", docker.host)
        yield docker


def nobody_knows(_: ModelName) -> int | None:
    """A registry that cannot be reached."""
    return None


def two_free_ports() -> dict[str, int]:
    return {"port": free_port(), "privatePort": free_port()}


def ollama(**fields: Any) -> OllamaLlm:
    return OllamaLlm.model_validate({"engine": "ollama", "model": "llama3.2:1b", **two_free_ports(), **fields})


def vllm(folder: Path, **fields: Any) -> VllmLlm:
    here = {"image": OLLAMA.images["cpu"], **two_free_ports(), "weights": {"directory": str(folder)}}
    return VllmLlm.model_validate({"engine": "vllm", "model": "m", **here, **fields})


def problems(llm: Llm, registry: Callable[[ModelName], int | None] = nobody_knows) -> list[str]:
    try:
        preflight.check("trugen-llm", "test", {"main": llm}, elsewhere=Elsewhere(registry_size=registry))
    except preflight.PreflightError as error:
        return [line.strip() for line in str(error).splitlines()[1:]]
    return []


def test_nothing_in_the_way_is_no_error() -> None:
    assert problems(ollama()) == []


def test_a_stack_of_hosted_endpoints_does_not_need_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    assert problems(HostedLlm(engine="hosted", provider="groq", model="openai/gpt-oss-20b")) == []


def test_of_a_proxy_only_image_and_port_are_looked_at(docker: DockerStandIn) -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        llm = AnthropicLlm(
            engine="anthropic",
            model="claude-sonnet-4-5",
            image="acme/litellm:1",
            port=held.getsockname()[1],
            given_private_port=free_port(),
        )
        docker.registry["acme/litellm:1"] = (404, "manifest unknown")

        image, port = problems(llm, registry=refuses)

    assert image.startswith("llms.main.image: 'acme/litellm:1' cannot be pulled")
    assert port.startswith(f"llms.main.port: {llm.port} is taken by another program")


def test_our_own_container_may_hold_its_port(docker: DockerStandIn) -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        docker.publish(port, "trugen-llm-test-main", dict(Names("trugen-llm", "test", "main").owner))

        assert problems(ollama(port=port)) == []


def test_a_registry_that_cannot_be_reached_is_left_to_the_pull(docker: DockerStandIn) -> None:
    docker.images.remove("ollama/ollama:0.24.0")
    docker.registry["ollama/ollama:0.24.0"] = (500, "dial tcp: lookup registry-1.docker.io: no such host")

    assert problems(ollama()) == []


# docker-py leaves the socket of a client that it could not make to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_docker_that_does_not_run_is_told_from_docker_that_one_may_not_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")

    (problem,) = problems(ollama())
    gc.collect()

    assert problem.startswith(
        f"docker: Docker does not run at unix://{tmp_path}/docker.sock. `sudo systemctl start docker`"
    )


def test_docker_that_this_user_may_not_use_is_told_with_the_group() -> None:
    """Not with a real socket: the tests may run as root, whom no socket refuses."""
    refused = requests.ConnectionError("Connection aborted.", PermissionError(13, "Permission denied"))
    wrapped = DockerException("Error while fetching server API version")
    wrapped.__cause__ = refused

    assert why_unusable("unix:///var/run/docker.sock", wrapped) == (
        "this user may not use Docker at unix:///var/run/docker.sock."
        ' `sudo usermod -aG docker "$USER"`, log out and in again, or run `make up`'
    )


def test_docker_on_another_machine_cannot_be_reached_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://gpu-box")

    (problem,) = problems(ollama())

    assert problem.startswith("docker: Docker at ssh://gpu-box is another machine")


def test_a_port_of_another_container_is_told_with_its_name(docker: DockerStandIn) -> None:
    docker.publish(20500, "other", {})

    assert problems(ollama(port=20500)) == [
        "llms.main.port: 20500 belongs to the container 'other'. Choose another, or `docker stop other`."
    ]


def test_a_port_of_an_llm_that_is_renamed_or_goes_is_not_free_yet(docker: DockerStandIn) -> None:
    """Its gateway serves until the agents have moved to the new one."""
    former = Names("trugen-llm", "test", "former")
    docker.publish(20500, former.gateway, dict(former.owner))

    (problem,) = problems(ollama(port=20500))

    assert problem == (
        "llms.main.port: 20500 belongs to `llms.former` until this run is over. Choose another, or first run"
        " `pulumi up` with another for `llms.former`."
    )


def test_a_port_of_another_program_is_told_with_how_to_find_it() -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]

        (problem,) = problems(ollama(port=port))

    assert problem == (
        f"llms.main.port: {port} is taken by another program (`ss -ltnp 'sport = :{port}'` shows it). Choose another."
    )


def test_a_port_that_only_docker_may_have_is_left_to_docker() -> None:
    """Anybody but root is refused below 1024 (ip(7), `ip_unprivileged_port_start`)."""
    tls = {"hostname": "llm.example.com", "acmeEmail": "ops@example.com"}
    llm, forbidden = ollama(port=443, gateway={"tls": tls}), PermissionError(errno.EACCES, "Permission denied")

    with patch.object(socket.socket, "bind", side_effect=forbidden):
        assert problems(llm) == []


def test_a_gpu_on_a_machine_without_one_is_refused() -> None:
    (problem,) = problems(ollama(gpu="all"))

    assert problem.startswith("llms.main.gpu: Docker has no NVIDIA runtime on this machine.")


def test_a_gpu_on_a_machine_with_one_is_fine_and_its_memory_is_not_the_hosts(docker: DockerStandIn) -> None:
    docker.runtimes.add("nvidia")

    assert problems(ollama(gpu=["0"]), registry=lambda _: 200 * 2**30) == []


def test_an_image_that_no_registry_has_is_refused() -> None:
    assert problems(ollama(image="ollama/ollama:0.0.1")) == [
        (
            "llms.main.image: 'ollama/ollama:0.0.1' cannot be pulled: manifest unknown."
            " Check the tag with `docker pull ollama/ollama:0.0.1`."
        )
    ]


def refuses(model: ModelName) -> int | None:
    raise NoSuchModelError(f"registry.ollama.ai has no '{model.model}:{model.tag}'")


def test_a_tag_that_the_registry_does_not_have_is_refused() -> None:
    assert problems(ollama(model="llama3.2:1c"), registry=refuses) == [
        "llms.main.model: registry.ollama.ai has no 'llama3.2:1c'."
    ]


def test_weights_larger_than_the_containers_memory_are_refused_with_both_sizes() -> None:
    assert problems(ollama(memory="2GiB"), registry=lambda _: 5 * 2**30) == [
        (
            "llms.main.memory: the weights of 'llama3.2:1b' take 5.0 GiB and the container may use 2.0 GiB."
            " Raise `memory`, or choose a smaller model."
        )
    ]


def test_weights_larger_than_the_machine_are_refused() -> None:
    (problem,) = problems(ollama(memory="64GiB"), registry=lambda _: 40 * 2**30)

    assert problem.startswith("llms.main.model: its weights take 40.0 GiB and this machine has 16.0 GiB of memory.")


def test_a_good_file_of_weights_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf_bytes())

    assert problems(ollama(gguf={"path": str(path)})) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        (b"<html>", "does not start with 'GGUF'"),
        (gguf_bytes()[:-1], "is cut off: its tensors need"),
    ],
)
def test_bad_weights_are_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "m.gguf"
    if content is not None:
        path.write_bytes(content)

    (problem,) = problems(ollama(gguf={"path": str(path)}))

    assert problem.startswith(f"llms.main.gguf.path: '{path}' ")
    assert reason in problem


def test_certificate_files_that_are_not_there_are_told_before_the_gateway_gets_them(tmp_path: Path) -> None:
    tls = {"hostname": "localhost", "certificate": str(tmp_path / "c.pem"), "key": str(tmp_path / "k.pem")}

    found = problems(ollama(gateway={"tls": tls}))

    assert [problem.split(":")[0] for problem in found] == [
        "llms.main.gateway.tls.certificate",
        "llms.main.gateway.tls.key",
    ]


def test_everything_in_the_way_is_told_at_once(docker: DockerStandIn) -> None:
    docker.publish(20500, "other", {})

    found = problems(ollama(port=20500, gpu="all", image="ollama/ollama:0.0.1"), registry=refuses)

    assert [problem.split(":")[0] for problem in found] == [
        "llms.main.gpu",
        "llms.main.image",
        "llms.main.port",
        "llms.main.model",
    ]


def test_a_machine_that_only_looks_is_not_asked_for_gpu_ports_or_memory(
    docker: DockerStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(preflight.ANOTHER_MACHINE, "1")
    docker.publish(20500, "other", {})

    found = problems(ollama(port=20500, gpu="all", image="ollama/ollama:0.0.1"), registry=refuses)

    assert [problem.split(":")[0] for problem in found] == ["llms.main.image"]


def test_bad_weights_are_told_beside_a_docker_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://gpu-box")

    found = problems(ollama(gguf={"path": "nothing.gguf"}))

    assert [problem.split(":")[0] for problem in found] == ["docker", "llms.main.gguf.path"]


def test_a_docker_that_does_not_answer_in_time_is_told_without_a_traceback() -> None:
    """docker-py passes the timeout of its HTTP library on as it is; seen on a machine with much to do."""
    slow = requests.ReadTimeout("Read timed out. (read timeout=30)")

    with patch("docker.from_env", side_effect=slow):
        (problem,) = problems(ollama())

    assert problem.endswith("does not answer as it should: Read timed out. (read timeout=30). Try `docker info`.")


@pytest.mark.parametrize("route", ["images.get", "images.get_registry_data"])
def test_a_registry_that_docker_cannot_reach_in_time_is_left_to_the_pull(route: str) -> None:
    """`docker pull` waits longer than a look may take."""
    slow = requests.ReadTimeout("Read timed out. (read timeout=30)")

    with patch(f"docker.models.images.ImageCollection.{route.removeprefix('images.')}", side_effect=slow):
        assert [] == problems(ollama(image="ollama/ollama:0.0.1"))


def test_a_link_that_leads_nowhere_hinders_nobody(tmp_path: Path) -> None:
    """Editors leave some."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").symlink_to("gone")

    assert [] == problems(vllm(tmp_path))


def test_a_chat_template_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """Docker would make a folder of that name, as root."""
    (tmp_path / "config.json").write_text("{}")

    (problem,) = problems(vllm(tmp_path, chatTemplateFile="gone.jinja"))

    assert problem.startswith("llms.main.chatTemplateFile: 'gone.jinja' does not exist (looked at ")


def test_a_link_out_of_the_folder_leads_nowhere_in_the_container(tmp_path: Path) -> None:
    """Snapshots in the cache of the Hugging Face hub are such links."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "a snapshot"
    blobs.mkdir()
    snapshot.mkdir()
    (blobs / "1").write_text("{}")
    (snapshot / "config.json").symlink_to(blobs / "1")

    (problem,) = problems(vllm(snapshot))

    assert problem.startswith(f"llms.main.weights.directory: {snapshot / 'config.json'} leads out of the folder")
    assert problem.endswith(f"`cp -rL '{snapshot}' <other folder>`.")


def test_a_link_inside_of_the_folder_is_fine(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "generation_config.json").symlink_to("config.json")

    assert [] == problems(vllm(tmp_path))


def test_a_command_quotes_the_path_it_is_for(tmp_path: Path) -> None:
    folder = tmp_path / "my weights; ls"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    os.chown(folder / "config.json", 4711, 4711)
    (folder / "config.json").chmod(0o600)

    (problem,) = problems(vllm(folder))

    assert problem.endswith(f"`chmod -R o+rX '{folder}'`.")


def test_a_folder_that_this_user_may_not_enter_is_told(tmp_path: Path) -> None:
    """A superuser may enter any."""
    with patch.object(Path, "is_dir", side_effect=PermissionError(13, "Permission denied")):
        (problem,) = problems(vllm(tmp_path))

    assert "cannot be read: Permission denied" in problem


def test_a_home_of_nobody_is_told() -> None:
    (problem,) = problems(ollama(gguf={"path": "~nobody-of-that-name/m.gguf"}))

    assert problem.startswith("llms.main.gguf.path: '~nobody-of-that-name/m.gguf' does not exist")

"""The image of llama.cpp, pulled or assembled by air_gapped: its command line is llama.cpp's own."""

from pathlib import Path

import docker
import pytest
import requests

from air_gapped import pins
from components.llm.container_spec import container_spec
from components.llm.engines import LLAMA_CPP
from components.llm.self_hosted import LlamaCppLlm
from tests.fixtures.real_servers import GGUF, MODEL, real_container, real_llama_cpp, wait_for

pytestmark = pytest.mark.docker


def test_an_option_that_llama_cpp_does_not_know_is_refused(engine: docker.DockerClient) -> None:
    with real_llama_cpp("--no-such-option", awaited=False) as server:
        ended = engine.containers.get(server.container_id).wait(timeout=60)

        assert 1 == ended["StatusCode"]
        assert "invalid argument: --no-such-option" in server.log()


def test_variables_of_llama_cpp_are_heeded() -> None:
    with real_llama_cpp(environment={"LLAMA_API_KEY": "sk-canary"}) as server:
        listing = f"{server.base_url}/models"
        without = requests.get(listing, timeout=10)
        with_key = requests.get(listing, headers={"Authorization": "Bearer sk-canary"}, timeout=10)

    assert (401, 200) == (without.status_code, with_key.status_code)
    assert [MODEL] == [model["id"] for model in with_key.json()["data"]]


def test_it_ends_by_itself_when_docker_stops_it(engine: docker.DockerClient) -> None:
    with real_llama_cpp() as server:
        container = engine.containers.get(server.container_id)

        container.stop(timeout=30)

        assert 0 == container.wait(timeout=60)["StatusCode"], "137 would be Docker's kill after its patience"


def test_any_user_can_run_it() -> None:
    with real_llama_cpp(user="65534:65534") as server:
        said = requests.get(f"{server.root_url}/health", timeout=10)

    assert {"status": "ok"} == said.json()


def test_llama_cpp_understands_the_command_line_that_the_product_gives_it(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    template = tmp_path / "template.jinja"
    template.write_text("{% for message in messages %}{{ message.content }}{% endfor %}")
    llm = LlamaCppLlm(
        engine="llama.cpp",
        model=MODEL,
        gguf=str(GGUF.resolve()),
        chat_template_file=str(template),
        context_length=1024,
        parallel=2,
        threads=1,
        gpu_layers=0,
    )
    spec = container_spec(llm)
    volumes = [f"{path}:{inside}:ro" for inside, path in spec.mounts.items()]

    with real_container(
        pins.LLAMA_CPP_IMAGE, LLAMA_CPP.port, command=list(spec.command), environment=dict(spec.env), volumes=volumes
    ) as server:
        wait_for(server, "/health")
        props = requests.get(f"{server.root_url}/props", timeout=10).json()
        (listed,) = requests.get(f"{server.base_url}/models", timeout=10).json()["data"]
        assert LLAMA_CPP.healthcheck is not None
        health = engine.containers.get(server.container_id).exec_run(list(LLAMA_CPP.healthcheck[1:]))

    assert MODEL == listed["id"]
    assert template.read_text() == props["chat_template"]
    assert (2, 1024) == (props["total_slots"], props["default_generation_settings"]["n_ctx"])
    assert 0 == health.exit_code, health.output

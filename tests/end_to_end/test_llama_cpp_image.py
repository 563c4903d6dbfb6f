"""The image of llama.cpp, pulled or assembled by air_gapped: its command line is llama.cpp's own."""

import docker
import pytest
import requests

from tests.fixtures.real_servers import MODEL, real_llama_cpp

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

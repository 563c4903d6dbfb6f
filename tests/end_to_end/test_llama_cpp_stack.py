"""The main job with llama.cpp in Ollama's place: Pulumi, Docker, llama.cpp with a real model, and the sandbox."""

import docker

from air_gapped import pins
from components.cli.say import say
from tests.fixtures.deployment import Deployment


def use_llama_cpp(deployment: Deployment) -> None:
    llama_cpp = {
        "engine": "llama.cpp",
        "model": "smollm2",
        # Without the digest of the default, which no image made here can have.
        "image": pins.LLAMA_CPP_IMAGE,
        "gguf": f".cache/models/{pins.GGUF_NAME}",
        "port": deployment.port,
        "contextLength": 2048,
        "threads": 1,
        "memory": "1GiB",
    }
    deployment.change("llms.main", llama_cpp)


def test_one_up_deploys_llama_cpp_whose_agent_answers_in_words_and_a_second_changes_nothing(
    deployment: Deployment,
) -> None:
    use_llama_cpp(deployment)
    outputs = deployment.deployed()

    sandbox = outputs["sandbox"]
    agent_id = outputs["agents"]["concierge"]["id"]
    spoken = "".join(say(sandbox["api_url"], sandbox["api_key"], agent_id, "Say hello."))
    again = deployment.up("--expect-no-changes")

    assert spoken.strip()
    assert again.status == 0, again.printed


def test_the_agent_moves_from_ollama_to_llama_cpp_and_stays_the_same(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    before = deployment.deployed()
    use_llama_cpp(deployment)

    after = deployment.deployed()

    assert after["agents"]["concierge"]["id"] == before["agents"]["concierge"]["id"]
    assert deployment.container(engine).attrs["Image"] == engine.images.get(pins.LLAMA_CPP_IMAGE).id

"""One stack moves between engines by an edit of its file alone: the agent keeps its id, nothing stays behind."""

from typing import Any

import docker
import openai

from air_gapped import pins
from tests.fixtures.deployment import Deployment
from tests.fixtures.scripted_llm import ScriptedLlm, stream

GGUF = f".cache/models/{pins.GGUF_NAME}"
HOSTED_KEY = "sk-hosted-key-of-this-test"


def llama_cpp(deployment: Deployment) -> dict[str, Any]:
    return {
        "engine": "llama.cpp",
        "model": "smollm2",
        "image": pins.LLAMA_CPP_IMAGE,
        "gguf": GGUF,
        "port": deployment.port,
        "privatePort": deployment.private_port,
        "gateway": {"drainS": 2},
        "contextLength": 2048,
        "threads": 1,
        "memory": "2GiB",
    }


def answer_of(deployment: Deployment) -> str:
    """One streamed answer over the very URL, model and token that the agent was given, by OpenAI's own client."""
    form = deployment.outputs()["developer_studio"]["concierge"]
    client = openai.OpenAI(base_url=form["api_url"], api_key=form["token"], max_retries=0)
    chunks = client.chat.completions.create(
        model=form["model_name"], messages=[{"role": "user", "content": "Say hello."}], stream=True, max_tokens=16
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_an_edit_of_the_stack_file_moves_the_agent_from_engine_to_engine_and_back(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    ollama = deployment.config()["config"]["trugen-llm:llms"]["main"]
    first = deployment.deployed()["agents"]["concierge"]["id"]
    images, answers, ids = [image_of(deployment, engine)], [answer_of(deployment)], {first}

    deployment.change("llms.main", llama_cpp(deployment))
    ids.add(deployment.deployed()["agents"]["concierge"]["id"])
    images.append(image_of(deployment, engine))
    answers.append(answer_of(deployment))

    with ScriptedLlm([stream()]) as hosted:
        deployment.change("llms.main", {"engine": "hosted", "baseUrl": hosted.base_url, "model": "smollm2:135m"})
        deployment.pulumi("config", "set", "--secret", "--path", "llmTokens.main", HOSTED_KEY)
        ids.add(deployment.deployed()["agents"]["concierge"]["id"])
        assert deployment.containers(engine) == []
        answers.append(answer_of(deployment))

    deployment.pulumi("config", "rm", "--path", "llmTokens.main")
    deployment.change("llms.main", ollama)
    ids.add(deployment.deployed()["agents"]["concierge"]["id"])
    images.append(image_of(deployment, engine))
    answers.append(answer_of(deployment))

    assert ids == {first}
    assert images == [pins.OLLAMA_IMAGE, pins.LLAMA_CPP_IMAGE, pins.OLLAMA_IMAGE]
    assert all(answers)


def test_a_second_run_on_llama_cpp_changes_nothing(deployment: Deployment) -> None:
    deployment.change("llms.main", llama_cpp(deployment))
    deployment.deployed()

    again = deployment.up("--skip-preview", "--expect-no-changes")

    assert again.status == 0, again.printed


def image_of(deployment: Deployment, engine: docker.DockerClient) -> str:
    image = deployment.engine_container(engine).image
    return str(image.tags[0]) if image else "none"

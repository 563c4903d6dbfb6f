"""Bad input ends in one clear error, with nothing created and nothing moved."""

import socket
from collections.abc import Callable

import docker
import pytest

from tests.fixtures.deployment import Deployment
from tests.fixtures.pulumi_project import Result
from tests.fixtures.trugen_user import TrugenUser

MODELS = ".cache/models"
GGUF = f"{MODELS}/SmolLM2-135M-Instruct.Q4_1.gguf"


def assert_refused(deployment: Deployment, result: Result, *texts: str) -> None:
    assert result.status != 0, result.printed
    assert [text for text in texts if text not in result.printed] == [], result.printed
    assert "Traceback" not in result.printed
    assert deployment.resources() == []


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        ("llms.main.modle", "smollm2:135m", ["llms.main.modle", "did you mean 'model'"]),
        ("agents.concierge.llm", "mian", ["agents.concierge.llm", "did you mean 'main'"]),
        ("agents.concierge.agentName", "", ["agents.concierge.agentName"]),
        ("agents.concierge.agentName", "Ada\u202e", ["agents.concierge.agentName"]),
        ("llms.main.ready", {"timeoutS": 0}, ["llms.main.ready.timeoutS"]),
        (
            "llms.main",
            {"engine": "hosted", "baseUrl": "https://me:pw@llm.example/v1", "model": "m"},
            ["llms.main.baseUrl"],
        ),
        ("llms.main", {"engine": "hosted", "baseUrl": "llm.example", "model": "m"}, ["llms.main.baseUrl"]),
        ("trugenApiKey", "plain-key", ["trugenApiKey", "pulumi config set --secret trugenApiKey"]),
        ("llms.main.gguf.path", f"{MODELS}/missing.gguf", [f"{MODELS}/missing.gguf"]),
        ("llms.main.gguf.path", "Pulumi.yaml", ["Pulumi.yaml", "GGUF"]),
        ("llms.main.gpu", "all", ["llms.main.gpu"]),
        ("llms.main.memory", "64MiB", ["llms.main.memory"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stack_file_that_cannot_work_is_refused_before_anything_is_created(
    deployment: Deployment, path: str, value: object, texts: list[str]
) -> None:
    deployment.change(path, value)

    assert_refused(deployment, deployment.up(), *texts)


def test_a_truncated_model_file_is_refused_before_anything_is_created(deployment: Deployment) -> None:
    whole = (deployment.folder / GGUF).read_bytes()
    (deployment.folder / MODELS / "half.gguf").write_bytes(whole[: len(whole) // 2])
    deployment.change("llms.main.gguf.path", f"{MODELS}/half.gguf")

    assert_refused(deployment, deployment.up(), "half.gguf", "is cut off")


def test_a_port_that_somebody_else_holds_is_refused_before_anything_is_created(deployment: Deployment) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", deployment.port))
        other.listen()

        assert_refused(deployment, deployment.up(), str(deployment.port), "llms.main.port")


def test_a_docker_engine_that_is_down_is_named_before_anything_is_created(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as no_docker:
        no_docker.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        result = deployment.up()

    assert_refused(deployment, result, "unix:///nowhere/docker.sock")


def test_an_image_that_only_the_pull_finds_missing_leaves_nothing_in_docker_and_no_agent(
    deployment: Deployment,
) -> None:
    deployment.change("llms.main.image", "trugen-llm.invalid/no/such-image:1.0")

    result = deployment.up()

    assert result.status != 0
    assert "trugen-llm.invalid/no/such-image:1.0" in result.printed
    made = deployment.resources()
    assert [kind for kind in made if kind.startswith("docker:") or kind.endswith("trugen:Agent")] == []


def test_a_model_that_cannot_load_fails_with_its_cause_and_the_agent_stays_where_it_was(
    deployment: Deployment, engine: docker.DockerClient, user: Callable[[], TrugenUser]
) -> None:
    before = deployment.deployed()
    whole = (deployment.folder / GGUF).read_bytes()
    broken = whole.replace(
        b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00llama",
        b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00zlama",
        1,
    )
    assert broken != whole
    (deployment.folder / MODELS / "broken.gguf").write_bytes(broken)
    deployment.change("llms.main.gguf.path", f"{MODELS}/broken.gguf")
    deployment.change("llms.main.model", "smollm2:broken")

    result = deployment.up()

    assert result.status != 0
    assert "smollm2:broken" in result.printed
    assert "Traceback" not in result.printed
    assert deployment.engine_container(engine).status == "running"
    (agent,) = user().agents()
    assert (agent["id"], agent["avatars"][0]["config"]["llm"]["model"]) == (
        before["agents"]["concierge"]["id"],
        "smollm2:135m",
    )

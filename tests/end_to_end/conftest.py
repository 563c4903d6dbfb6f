import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.fixtures.conforming import conforming
from tests.fixtures.deployment import Deployment, free_port
from tests.fixtures.litellm_image import litellm_image
from tests.fixtures.real_servers import (
    MODEL,
    UPSTREAM_KEY,
    RealServer,
    anthropic_api,
    openai_api,
    real_litellm,
    real_llama_cpp,
    real_ollama,
)
from tests.fixtures.scripted_llm import ScriptedLlm
from tests.fixtures.trugen_user import TrugenUser

_OF_THE_GATEWAY = {
    "security",
    "test_certificate_rotation.py",
    "test_changing_engines.py",
    "test_gate_at_the_door.py",
    "test_gateway_certificates.py",
    "test_gateway_files.py",
    "test_moved_and_lost.py",
    "test_own_authority.py",
    "test_private_network.py",
    "test_switching_engines.py",
    "test_tunnel_files.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "end_to_end" in item.path.parts:
            item.add_marker(pytest.mark.end_to_end)
            if "deployment" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.docker)
            if _OF_THE_GATEWAY.intersection(item.path.parts):
                item.add_marker(pytest.mark.docker)
                item.add_marker(pytest.mark.gateway)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    with closing(docker.from_env()) as client:
        yield client


@pytest.fixture
def deployment(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Deployment]:
    """Not deployed yet; whatever the test leaves is destroyed, and a destroy that fails fails the test."""
    made = Deployment(tmp_path / "project", f"e2e-{secrets.token_hex(3)}")
    yield made
    result = made.destroy()
    leftovers = made.containers(engine)
    for container in leftovers:
        container.remove(force=True)
    assert result.status == 0, result.printed
    assert leftovers == []


@pytest.fixture
def user(deployment: Deployment) -> Callable[[], TrugenUser]:
    """Somebody who uses the workspace past Pulumi: reads, edits and deletes agents with the workspace's key."""
    return lambda: TrugenUser(**deployment.outputs()["sandbox"])


@pytest.fixture(scope="session")
def llama_cpp() -> Iterator[RealServer]:
    with real_llama_cpp() as server:
        yield server


@pytest.fixture(scope="session")
def ollama() -> Iterator[RealServer]:
    with real_ollama() as server:
        yield server


@pytest.fixture(scope="session")
def capable() -> Iterator[ScriptedLlm]:
    """Scripted, and able to do what SmolLM2 cannot: it calls tools and sees."""
    with ScriptedLlm([conforming(UPSTREAM_KEY)]) as llm:
        yield llm


@pytest.fixture(scope="session")
def litellm(
    llama_cpp: RealServer, capable: ScriptedLlm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealServer]:
    """
    `MODEL` and `claude` on llama.cpp, which speaks Anthropic's protocol, too; `capable`; `dead`, which nobody serves;
    and `locked`, which refuses the proxy.
    """
    with ScriptedLlm([conforming("sk-another-key")]) as locked:
        upstreams = {
            MODEL: openai_api(llama_cpp.base_url),
            "claude": anthropic_api(llama_cpp.root_url),
            "capable": openai_api(capable.base_url),
            "dead": openai_api(f"http://127.0.0.1:{free_port()}/v1"),
            "locked": openai_api(locked.base_url),
        }
        with real_litellm(upstreams, tmp_path_factory.mktemp("litellm")) as server:
            yield server


@pytest.fixture(scope="session")
def proxy_image() -> Iterator[str]:
    """LiteLLM with a stand-in for Anthropic inside."""
    with litellm_image() as name:
        yield name

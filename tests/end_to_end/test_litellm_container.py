"""The proxy to Anthropic in Docker, as we ask for it: locked down, started on the file that `SecretFiles` put there."""

import json
import secrets
from collections.abc import Iterator

import docker
import pytest
import requests

from components.llm.container_spec import container_spec
from components.llm.engines import LITELLM, LITELLM_CONFIG
from components.llm.litellm_config import litellm_config
from components.llm.proxied import AnthropicLlm
from components.llm.secret_files import SecretFilesProvider
from tests.fixtures.litellm_image import ANTHROPIC_KEY
from tests.fixtures.real_servers import RealServer, real_container, wait_for

pytestmark = pytest.mark.docker

LLM = AnthropicLlm(engine="anthropic", model="claude-sonnet-4-5")
TOKEN = "canary-Token_0123456789abcdefghijklmnopqrstuv"


@pytest.fixture(scope="module")
def proxy(engine: docker.DockerClient, proxy_image: str) -> Iterator[RealServer]:
    volume = engine.volumes.create(f"trugen-llm-test-{secrets.token_hex(4)}")
    try:
        files = {LITELLM_CONFIG: litellm_config(LLM, TOKEN, ANTHROPIC_KEY)}
        SecretFilesProvider().create({"volume": volume.name, "image": proxy_image, "files": files})
        spec = container_spec(LLM)
        with real_container(
            proxy_image,
            LITELLM.port,
            command=list(spec.command),
            environment=dict(spec.env),
            user=LITELLM.user,
            tmpfs={"/tmp": LITELLM.scratch},  # noqa: S108 - in the container
            volumes={volume.name: {"bind": LITELLM.cache_path, "mode": "rw"}},
        ) as server:
            wait_for(server, "/health/liveliness")
            yield server
    finally:
        volume.remove(force=True)


def test_it_serves_the_declared_model_to_our_bearer(proxy: RealServer) -> None:
    listed = requests.get(f"{proxy.base_url}/models", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)

    assert [model["id"] for model in listed.json()["data"]] == [LLM.model]


def test_it_counts_as_healthy_by_the_check_that_docker_makes(proxy: RealServer, engine: docker.DockerClient) -> None:
    checked = engine.containers.get(proxy.container_id).exec_run(list(LITELLM.healthcheck[1:]))

    assert checked.exit_code == 0, checked.output


def test_docker_shows_neither_the_key_nor_the_bearer(proxy: RealServer, engine: docker.DockerClient) -> None:
    shown = json.dumps(engine.api.inspect_container(proxy.container_id)) + proxy.log()

    assert [secret for secret in (ANTHROPIC_KEY, TOKEN) if secret in shown] == []

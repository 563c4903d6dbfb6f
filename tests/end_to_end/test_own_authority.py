"""A gateway that is its own certificate authority, on real parts: everybody on this machine verifies it."""

from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from components.cli.say import say
from tests.fixtures.deployment import Deployment, has_ended

AUTHORITIES = Path(".cache") / "authorities"


@pytest.fixture
def deployment(deployment: Deployment) -> Deployment:
    deployment.change("llms.main.gateway", {"tls": {"hostname": "localhost", "internal": True}})
    return deployment


def answer_in_words(outputs: dict[str, Any]) -> str:
    agent_id = outputs["agents"]["concierge"]["id"]
    return "".join(say(outputs["sandbox"]["api_url"], outputs["sandbox"]["api_key"], agent_id, "Say hello."))


@pytest.fixture
def authority_file(deployment: Deployment) -> Path:
    return deployment.folder / AUTHORITIES / f"localhost:{deployment.port}.pem"


def test_the_agent_talks_over_https_that_everybody_here_verifies(deployment: Deployment, authority_file: Path) -> None:
    outputs = deployment.deployed()
    llm = outputs["llms"]["main"]

    assert llm["endpoint"] == f"https://localhost:{deployment.port}/v1"
    assert llm["ca_certificate"] == authority_file.read_text()
    assert answer_in_words(outputs).strip()
    unknown_to_others = requests.exceptions.SSLError
    with pytest.raises(unknown_to_others):
        requests.get(f"{llm['endpoint']}/models", timeout=10)


def test_https_is_asked_for_from_then_on_and_plain_http_gets_nothing(
    deployment: Deployment, authority_file: Path
) -> None:
    url = deployment.deployed()["llms"]["main"]["endpoint"]

    secured = requests.get(f"{url}/models", verify=str(authority_file), timeout=10)
    plain = requests.get(f"{url.replace('https', 'http')}/models", timeout=10)

    assert secured.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert plain.status_code == 400


def test_a_second_up_changes_nothing_and_brings_a_lost_file_back(deployment: Deployment, authority_file: Path) -> None:
    outputs = deployment.deployed()
    again = deployment.up("--expect-no-changes")
    authority_file.unlink()
    restored = deployment.up("--skip-preview")

    assert again.status == 0, again.printed
    assert restored.status == 0, restored.printed
    assert authority_file.read_text() == outputs["llms"]["main"]["ca_certificate"]
    assert answer_in_words(outputs).strip()


def test_destroy_leaves_no_authority_either(deployment: Deployment, engine: docker.DockerClient) -> None:
    deployment.deployed()
    sandbox_pid = deployment.sandbox_pid()

    result = deployment.destroy()

    mine: dict[str, str | list[str] | bool] = {"label": f"trugen-llm.stack={deployment.stack}"}
    assert result.status == 0, result.printed
    assert (engine.containers.list(all=True, filters=mine), engine.volumes.list(filters=mine)) == ([], [])
    assert not (deployment.folder / AUTHORITIES).exists()
    assert has_ended(sandbox_pid)

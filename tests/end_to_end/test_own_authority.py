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


def test_the_agent_talks_over_https_that_this_machine_verifies_and_no_other_would(
    deployment: Deployment, authority_file: Path
) -> None:
    outputs = deployment.deployed()
    url, certificate = (outputs["llms"]["main"][key] for key in ("endpoint", "ca_certificate"))

    assert url == f"https://localhost:{deployment.port}/v1"
    assert certificate == authority_file.read_text()
    assert answer_in_words(outputs).strip()
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{url}/models", timeout=10)
    secured = requests.get(f"{url}/models", verify=str(authority_file), timeout=10)
    assert secured.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert requests.get(f"{url.replace('https', 'http')}/models", timeout=10).status_code == 400


def test_a_second_up_changes_nothing_a_lost_file_comes_back_and_destroy_leaves_none(
    deployment: Deployment, authority_file: Path, engine: docker.DockerClient
) -> None:
    outputs = deployment.deployed()
    again = deployment.up("--expect-no-changes")
    authority_file.unlink()
    restored = deployment.up("--skip-preview")
    kept, words, sandbox_pid = authority_file.read_text(), answer_in_words(outputs), deployment.sandbox_pid()
    destroyed = deployment.destroy()

    mine: dict[str, str | list[str] | bool] = {"label": f"trugen-llm.stack={deployment.stack}"}
    for result in (again, restored, destroyed):
        assert result.status == 0, result.printed
    assert kept == outputs["llms"]["main"]["ca_certificate"]
    assert words.strip()
    assert (engine.containers.list(all=True, filters=mine), engine.volumes.list(filters=mine)) == ([], [])
    assert not authority_file.parent.exists()
    assert has_ended(sandbox_pid)


def test_a_stack_that_serves_plain_http_moves_to_an_authority_of_its_own_and_back(
    deployment: Deployment, authority_file: Path
) -> None:
    tls = deployment.config()["config"]["trugen-llm:llms"]["main"]["gateway"]
    deployment.change("llms.main.gateway", {})
    plain = deployment.deployed()
    deployment.change("llms.main.gateway", tls)
    secured = deployment.deployed()
    words, existed = answer_in_words(secured), authority_file.exists()
    deployment.change("llms.main.gateway", {})
    back = deployment.deployed()

    urls = [outputs["llms"]["main"]["endpoint"].partition(":")[0] for outputs in (plain, secured, back)]
    assert urls == ["http", "https", "http"]
    assert words.strip()
    assert existed
    assert not authority_file.exists()
    assert answer_in_words(back).strip()

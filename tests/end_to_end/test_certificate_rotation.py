"""Another certificate by `pulumi up`, under a client that never pauses and verifies every connection."""

import shutil
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from benchmarks.restless_client import WithoutPause, agent_record
from benchmarks.streaming_client import Endpoint
from tests.fixtures.certificates import Issued, TestAuthority
from tests.fixtures.deployment import Deployment

Client = Callable[[], Endpoint]
WORKERS = 2
AFTER_EACH = 3


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path / "authority")


@pytest.fixture
def deployment(deployment: Deployment, authority: TestAuthority, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Its gate trusts the authority of the test, and its sandbox tells where an agent's LLM is."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.root.certificate))
    deployment.change("trugen.sandbox.revealLlm", value=True)
    return deployment


def declare(deployment: Deployment, issued: Issued) -> None:
    files = {"certificate": str(issued.certificate), "key": str(issued.key)}
    deployment.change("llms.main.gateway", {"tls": {"hostname": "localhost", **files}})


def verified(deployment: Deployment, authority: TestAuthority) -> Client:
    """Where the agent's record says its LLM is, and who vouches for it."""
    outputs = deployment.outputs()
    record = agent_record(outputs["sandbox"], outputs["agents"]["concierge"]["id"])
    return lambda: replace(record(), ca_file=authority.root.certificate)


def shown_serial(deployment: Deployment, authority: TestAuthority) -> str:
    """Of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=authority.root.certificate)
    with (
        socket.create_connection(("localhost", deployment.port), 30) as sock,
        context.wrap_socket(sock, server_hostname="localhost") as secured,
    ):
        return str((secured.getpeercert() or {})["serialNumber"])


def test_other_files_and_the_same_files_with_other_contents_cost_no_request(
    deployment: Deployment, authority: TestAuthority, engine: docker.DockerClient
) -> None:
    first, second, third = (authority.issue(name) for name in ("first", "second", "third"))
    issued = [one.serial for one in (first, second, third)]
    declare(deployment, first)
    deployment.deployed()
    before = {one.id for one in deployment.containers(engine)}
    shown = [shown_serial(deployment, authority)]

    with WithoutPause(verified(deployment, authority), workers=WORKERS) as client:
        client.wait_for(AFTER_EACH)
        declare(deployment, second)
        deployment.deployed()
        shown.append(shown_serial(deployment, authority))
        client.wait_for(AFTER_EACH)
        shutil.copy(third.certificate, second.certificate)
        shutil.copy(third.key, second.key)
        deployment.deployed()
        shown.append(shown_serial(deployment, authority))
        client.wait_for(AFTER_EACH)

    tally = client.tally()
    assert (tally.failed, tally.broken) == (0, 0), tally
    assert shown == issued
    assert {one.id for one in deployment.containers(engine)} == before


def test_a_certificate_for_another_host_is_refused_and_the_former_one_stays(
    deployment: Deployment, authority: TestAuthority
) -> None:
    good, other = authority.issue("good"), authority.issue("other", hostname="other.example.test")
    declare(deployment, good)
    deployment.deployed()
    declare(deployment, other)

    refused = deployment.up("--skip-preview")

    assert refused.status != 0
    assert f"llms.main.gateway.tls.certificate: {other.certificate} will not do for localhost" in refused.printed
    assert "nothing was created or changed" in refused.printed
    assert shown_serial(deployment, authority) == good.serial

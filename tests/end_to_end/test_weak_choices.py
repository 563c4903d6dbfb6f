"""The real CLI on a stack with TruGen's public address, behind which a sandbox stands in: deployed, with warnings."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.internet import Internet
from tests.fixtures.platform_stack import PlatformDeployment, agent
from tests.fixtures.sandbox_server import API_KEY, SandboxServer


class Production(PlatformDeployment):
    """State in a folder, a passphrase, no protection."""

    def __init__(self, folder: Path, internet: Internet) -> None:
        self._internet = internet
        super().__init__(folder, f"e2e-{secrets.token_hex(3)}")
        self.change("trugen", {"apiUrl": "https://api.trugen.ai/v1"})
        self.change("agents", {"ada": agent("Ada")})
        self.pulumi("config", "set", "--secret", "trugenApiKey", API_KEY)

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self._internet.environment}


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    network, workspace = tmp_path / "internet", tmp_path / "workspace"
    network.mkdir()
    workspace.mkdir()
    with SandboxServer(workspace) as trugen, Internet(network) as internet:
        internet.lead("api.trugen.ai", int(trugen.root.rpartition(":")[2]))
        made = Production(tmp_path / "project", internet)
        yield made
        assert made.destroy().status == 0


def test_weak_choices_are_told_before_a_deployment_and_by_doctor_and_stop_neither(production: Production) -> None:
    up, doctor = production.components("up"), production.components("doctor")

    assert up.status == 0, up.printed
    assert up.printed.index("warning: backend: the state lies in a folder") < up.printed.index("Updating")
    warned = {line.split()[1] for line in doctor.printed.splitlines() if line.startswith("warning ")}
    assert warned == {"backend", "secrets", "protection"}

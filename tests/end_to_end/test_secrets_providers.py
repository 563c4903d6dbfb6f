"""Who can read the secrets of a stack is changed with the real CLI: the plan stays empty, the former key opens none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures import backends
from tests.fixtures.backends import AWS_KEYS, Aws
from tests.fixtures.pulumi_project import Result
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.shell import Shell
from tests.fixtures.small_stack import LLM_TOKEN, Declared, SmallStack

CONFIGURED = "canary-secret-of-the-config"
ANOTHER = "another-passphrase-end-to-end-only"
PROMPT = "You are the canary of the secrets. Answer briefly."


class Keeper:
    """A stack with an agent and a secret in its config, on the endpoint of moto's KMS."""

    def __init__(self, folder: Path, sandbox: SandboxServer, aws: Aws) -> None:
        self.aws = aws
        self._env = dict(AWS_KEYS)
        self.stack = SmallStack(folder, "secretive", sandbox.api_url, API_KEY, self._env)
        self.stack.declare([Declared("agent", "ada", {"agent_name": "ada", "persona_prompt": PROMPT})])
        self.did("config", "set", "--secret", "canary", CONFIGURED)
        self.did("up", "--yes", "--skip-preview")

    def did(self, *words: str) -> Result:
        result = self.stack.pulumi(*words)
        assert result.status == 0, result.printed
        return result

    def passphrase(self, text: str) -> None:
        """What the environment holds from now on."""
        self._env["PULUMI_CONFIG_PASSPHRASE"] = text

    def works(self) -> None:
        """Nothing is left to do, the secrets are readable here, and in no file in clear."""
        self.did("preview", "--expect-no-changes")
        assert self.did("config", "get", "canary").printed.strip() == CONFIGURED
        files = [path for path in (self.stack.folder / "state").rglob("*") if path.is_file()]
        stored = [path.read_bytes() for path in [*files, self.stack.folder / "Pulumi.secretive.yaml"]]
        canaries = [CONFIGURED, API_KEY, LLM_TOKEN, PROMPT]
        assert [one for one in canaries if any(one.encode() in content for content in stored)] == []

    def stack_file(self) -> str:
        return (self.stack.folder / "Pulumi.secretive.yaml").read_text()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with SandboxServer(tmp_path) as sandbox, backends.aws(tmp_path) as aws:
        yield Keeper(tmp_path / "project", sandbox, aws)


def test_another_passphrase_opens_the_stack_and_the_former_one_does_no_more(keeper: Keeper) -> None:
    with Shell(keeper.stack.folder, {**keeper.stack.environment(), "NEW_PASSPHRASE": ANOTHER}) as shell:
        changed = shell.run("printf '%s\\n' \"$NEW_PASSPHRASE\" | pulumi stack change-secrets-provider passphrase")
    refused = keeper.stack.pulumi("preview")
    keeper.passphrase(ANOTHER)

    assert changed.status == 0, changed.printed
    assert refused.status != 0
    assert "incorrect passphrase" in refused.printed
    keeper.works()


def test_a_key_of_kms_takes_over_from_the_passphrase_and_another_key_from_it(keeper: Keeper) -> None:
    key = keeper.aws.key()
    keeper.did("stack", "change-secrets-provider", key)
    keeper.passphrase("no-passphrase-is-asked-for-any-more")
    keeper.works()
    assert "encryptedkey" in keeper.stack_file()

    # Another key: a rotation by the same command.
    keeper.did("stack", "change-secrets-provider", keeper.aws.key())
    keeper.works()

"""A stack's whole life on each backend that docs/state.md names as proven, with the real CLI."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures import backends
from tests.fixtures.backends import Backend
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import LLM_TOKEN, Declared, SmallStack

PROMPT = "You are the canary of the backends. Answer briefly."
NO_CHANGES = ["preview", "--expect-no-changes"]


class Life:
    """A stack with two agents on one backend."""

    def __init__(self, folder: Path, sandbox: SandboxServer, backend: Backend) -> None:
        self.backend, self.sandbox = backend, sandbox
        self.stack = SmallStack(folder, "life", sandbox.api_url, API_KEY, backend.environment())

    def up(self, *names: str) -> None:
        self.stack.declare([agent(name) for name in names])
        result = self.stack.up("--skip-preview")
        assert result.status == 0, result.printed

    def agents(self) -> dict[str, str]:
        """Ids by name; a duplicate would take a name twice."""
        found = [(one["agent_name"].partition(" ")[0], one["id"]) for one in self.sandbox.agents()]
        assert len(dict(found)) == len(found), found
        return dict(found)

    def backup(self, file: str) -> Path:
        exported = self.stack.pulumi("stack", "export", "--file", file)
        assert exported.status == 0, exported.printed
        return self.stack.folder / file

    def restore(self, file: str) -> None:
        restored = self.stack.pulumi("stack", "import", "--file", file)
        assert restored.status == 0, restored.printed


def agent(name: str) -> Declared:
    return Declared("agent", name, {"agent_name": name, "persona_prompt": PROMPT})


@pytest.fixture
def in_a_folder(tmp_path: Path) -> Iterator[Life]:
    with backends.folder(tmp_path) as backend, SandboxServer(tmp_path) as sandbox:
        yield Life(tmp_path / "project", sandbox, backend)


@pytest.fixture(params=backends.ALL, ids=lambda backend: str(backend.__name__))
def life(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Life]:
    with request.param(tmp_path) as backend, SandboxServer(tmp_path) as sandbox:
        yield Life(tmp_path / "project", sandbox, backend)


def test_a_stack_is_made_found_unchanged_restored_from_an_older_backup_and_destroyed(life: Life) -> None:
    life.up("ada")
    kept = life.backup("kept.json")
    unchanged = life.stack.pulumi(*NO_CHANGES)
    life.up("ada", "bo")
    before = life.agents()

    # A state that is lost: the stack is known to nobody, its agents live on.
    lost = life.stack.pulumi("stack", "rm", "--force", "--yes", "--preserve-config")
    made_again = life.stack.pulumi("stack", "init", life.stack.stack)
    # The backup is older than what is there: it knows `ada` alone.
    life.restore(kept.name)
    life.up("ada", "bo")

    assert (unchanged.status, lost.status, made_again.status) == (0, 0, 0), lost.printed + made_again.printed
    assert life.agents() == before
    assert life.stack.pulumi(*NO_CHANGES).status == 0
    stored = life.backend.stored()
    (state,) = (content for key, content in stored.items() if key.endswith("stacks/trugen-llm/life.json"))
    assert b'"agent_name":"ada"' in state.replace(b" ", b"")  # what is searched below is the state indeed
    secrets = [API_KEY, LLM_TOKEN, PROMPT]
    assert [key for key, content in stored.items() for secret in secrets if secret.encode() in content] == []
    assert [secret for secret in secrets if secret in kept.read_text()] == []

    destroyed = life.stack.destroy()

    assert destroyed.status == 0, destroyed.printed
    assert life.agents() == {}
    assert not any("/locks/" in key for key in life.backend.stored())


def test_a_state_that_is_lost_without_a_backup_is_made_again_by_the_next_up(in_a_folder: Life) -> None:
    life = in_a_folder
    life.up("ada", "bo")
    before = life.agents()

    life.stack.pulumi("stack", "rm", "--force", "--yes", "--preserve-config")
    life.stack.pulumi("stack", "init", life.stack.stack)
    life.up("ada", "bo")

    assert life.agents() == before
    assert life.stack.pulumi(*NO_CHANGES).status == 0


def test_a_backup_taken_before_an_agent_was_removed_does_not_bring_it_back(in_a_folder: Life) -> None:
    life = in_a_folder
    life.up("ada", "bo")
    life.backup("older.json")
    life.up("ada")

    life.restore("older.json")
    life.up("ada")

    assert list(life.agents()) == ["ada"]
    assert life.stack.pulumi(*NO_CHANGES).status == 0
    recorded = json.loads(life.stack.exported_state())["deployment"]["resources"]
    assert not any(one["urn"].endswith("::bo") for one in recorded)

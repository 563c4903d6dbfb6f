"""`python -m components preview` and `drift` with the real CLI: statuses, Markdown, and what never stands in it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.pulumi_project import Result
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import LLM_TOKEN, Declared, SmallStack

PROMPT = "CANARY-PROMPT of whoever declared it. Answer briefly."
OTHER_PROMPT = "CANARY-CHANGED by whoever declared it. Answer briefly."
HAND = "CANARY-HAND of whoever edited it."
POLITE = Declared("guardrail", "polite", {"name": "Polite", "prompt": PROMPT})


def ada(**fields: Any) -> Declared:
    return Declared("agent", "ada", {"agent_name": "Ada", "persona_prompt": PROMPT, **fields})


class Commands(SmallStack):
    """The small stack with the command line of the module beside its program."""

    def __init__(self, folder: Path, sandbox: SandboxServer) -> None:
        super().__init__(folder, "pipes", sandbox.api_url, API_KEY)
        self.sandbox = sandbox
        self.program = (folder / "__main__.py").read_text()

    def refuse(self, text: str) -> None:
        self._program(f"import pulumi\nraise pulumi.RunError({text!r})\n")

    def agree(self) -> None:
        self._program(self.program)

    def _program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(text)

    def command(self, *words: str, **env: str) -> tuple[Result, str]:
        """What a command printed, and the Markdown that it wrote."""
        page = self.folder / "page.md"
        page.unlink(missing_ok=True)
        option = {"preview": "--comment", "drift": "--report"}[words[0]]
        done = subprocess.run(
            [sys.executable, "-m", "components", *words, "--stack", self.stack, option, page],
            cwd=self.folder,
            env={**self.environment(), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        text = page.read_text() if page.exists() else ""
        assert [word for word in ("CANARY", LLM_TOKEN, API_KEY) if word in done.stdout + text] == []
        assert "Traceback" not in done.stdout
        return Result(done.returncode, done.stdout), text


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    folder = tmp_path_factory.mktemp("pipes")
    with SandboxServer(folder) as sandbox:
        stack = Commands(folder / "project", sandbox)
        stack.declare([ada(), POLITE])
        assert stack.up("--skip-preview").status == 0
        yield stack


@pytest.fixture
def edited(stack: Commands) -> Iterator[Commands]:
    """The agent edited and the guardrail deleted by hand; put right afterwards."""
    (agent,), (guardrail,) = stack.sandbox.agents(), stack.sandbox.stored("guardrail")
    path = f"/ext/agent/{agent['id']}"
    assert stack.sandbox.call("PATCH", path, {"record": True, "agent_system_prompt": HAND}).ok
    assert stack.sandbox.call("DELETE", f"/ext/guardrail/{guardrail['id']}").ok
    yield stack
    stack.declare([ada(), POLITE])
    assert stack.up("--skip-preview").status == 0


def test_a_plan_becomes_a_comment_that_names_what_changes(stack: Commands) -> None:
    stack.declare([ada(persona_prompt=OTHER_PROMPT), Declared("tool", "rooms", ROOMS)])
    result, text = stack.command("preview")
    stack.declare([ada(), POLITE])

    assert result.status == 0, result.printed
    assert text.startswith("<!-- trugen-llm preview: pipes -->\n")
    assert "1 to create" in text
    assert "| update | `trugen:Agent` | `ada` | `agent_system_prompt`, `persona_prompt` |" in text
    assert "| create | `trugen:Tool` | `rooms` |" in text
    assert "| delete | `trugen:Guardrail` | `polite` |" in text


ROOMS = {"name": "rooms", "description": "Free rooms", "url": "https://booking.example.com/rooms", "method": "GET"}


def test_a_stack_that_nobody_touched_is_clean(stack: Commands) -> None:
    result, text = stack.command("drift")

    assert result.status == 0, result.printed
    assert "Drift of `pipes`: none" in text


def test_drift_ends_with_7_and_a_report_of_what_was_changed_and_what_becomes_of_it(edited: Commands) -> None:
    before = edited.exported_state()
    result, text = edited.command("drift")

    assert result.status == 7, result.printed
    assert "2 objects changed elsewhere" in text
    assert "| `trugen:Agent` | `ada` | `agent_system_prompt`, `record` | sends the declaration again |" in text
    assert "| `trugen:Guardrail` | `polite` | gone | makes it anew |" in text
    assert edited.exported_state() == before


def test_drift_that_the_stack_wants_refused_is_drift_and_no_failure(edited: Commands) -> None:
    edited.declare([ada(on_drift={"others": "fail"}), POLITE])

    (drift, report), (preview, comment) = edited.command("drift"), edited.command("preview")

    assert (drift.status, "is refused, `onDrift` says `fail`" in report) == (7, True), report
    assert (preview.status, "was refused" in comment) == (1, True), comment


@pytest.mark.parametrize("command", ["preview", "drift"])
def test_a_program_that_refuses_is_a_failure_that_says_why(stack: Commands, command: str) -> None:
    stack.refuse("stacks/Pulumi.pipes.yaml has 1 problem")
    result, text = stack.command(command)
    stack.agree()

    assert result.status == 1
    assert "stacks/Pulumi.pipes.yaml has 1 problem" in text
    assert f"Next: python -m components {command} --stack pipes" in text


@pytest.mark.parametrize("command", ["preview", "drift"])
@pytest.mark.parametrize(
    ("env", "texts"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": "wrong"}, ["incorrect passphrase", "Next: export PULUMI_CONFIG_PASSPHRASE="]),
        ({"PULUMI_BACKEND_URL": "file:///nowhere/at/all"}, ["/nowhere/at/all", "Next: export PULUMI_BACKEND_URL="]),
        ({"PATH": "/nowhere"}, []),
    ],
    ids=["another passphrase", "no backend", "no Pulumi"],
)
def test_what_keeps_pulumi_from_working_is_a_failure_with_the_next_command(
    stack: Commands, command: str, env: dict[str, str], texts: list[str]
) -> None:
    result, text = stack.command(command, **env)

    assert result.status not in {0, 7}, result.printed
    assert [one for one in texts if one not in text] == [], text


def test_while_a_run_is_at_work_nothing_is_called_drift(edited: Commands) -> None:
    lock = edited.folder / "state/.pulumi/locks/organization/trugen-llm/pipes/another-run.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    content = {"pid": 7, "hostname": "ci-7", "username": "ada", "timestamp": "2026-11-23T21:00:00Z"}
    lock.write_text(json.dumps(content))
    result, text = edited.command("drift")
    lock.unlink()

    assert (result.status, "process 7 of ada on ci-7" in text) == (1, True), result.printed


def test_a_trugen_that_does_not_answer_is_no_drift(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        stack = Commands(tmp_path / "project", sandbox)
        stack.declare([ada()])
        assert stack.up("--skip-preview").status == 0

    result, text = stack.command("drift")

    assert (result.status, "could not be looked for" in text) == (1, True), result.printed

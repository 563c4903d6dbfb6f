"""`onDrift` with the real CLI: what a plan says, what a run does, and what a drift job reports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import Declared, SmallStack

PROMPT = "You are the canary of the drift test. Answer briefly."
HAND = "Edited by the canary's keeper."
EDITED = "agent_system_prompt, record"


class Edited:
    """One agent, deployed and then edited in the dashboard."""

    def __init__(self, folder: Path, sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        self.stack = SmallStack(folder, "drift", sandbox.api_url, API_KEY)

    def declare(self, **policies: str) -> None:
        policy = {"on_drift": policies} if policies else {}
        document: dict[str, Any] = {"agent_name": "Ada", "persona_prompt": PROMPT, **policy}
        self.stack.declare([Declared("agent", "ada", document)])

    def edit(self) -> None:
        (agent,) = self.sandbox.agents()
        path = f"/ext/agent/{agent['id']}"
        assert self.sandbox.call("PATCH", path, {"record": True, "agent_system_prompt": HAND}).ok

    def up(self) -> tuple[int, str]:
        result = self.stack.start("up").result()
        return result.status, result.printed

    def there(self) -> tuple[bool, str]:
        (agent,) = self.sandbox.agents()
        return agent["record"], agent["agent_system_prompt"]


@pytest.fixture
def edited(tmp_path: Path) -> Iterator[Edited]:
    with SandboxServer(tmp_path) as sandbox:
        yield Edited(tmp_path / "project", sandbox)


def test_an_edit_stops_the_plan_until_the_stack_says_what_becomes_of_it(edited: Edited) -> None:
    edited.declare(others="fail")
    edited.up()
    edited.edit()

    job = edited.stack.pulumi("refresh", "--preview-only", "--expect-no-changes")
    stopped = [edited.up() for _ in range(2)]
    edited.declare(others="keep")
    kept = edited.up()

    assert (job.status, f"was edited elsewhere: {EDITED}" in job.printed) == (7, True)
    for status, printed in stopped:
        assert (status, f"{EDITED} edited outside of this stack, and `onDrift` says `fail`" in printed) == (1, True)
    assert [text for text in (PROMPT, HAND) if text in job.printed + "".join(printed for _, printed in stopped)] == []
    assert (kept[0], edited.there()) == (0, (True, HAND))
    for words in (["preview", "--expect-no-changes"], ["refresh", "--preview-only", "--expect-no-changes"]):
        result = edited.stack.pulumi(*words)
        assert (result.status, f"which `onDrift` keeps: {EDITED}" in result.printed) == (0, True), result.printed


def test_without_a_policy_the_plan_names_the_edits_and_the_run_overwrites_them(edited: Edited) -> None:
    edited.declare()
    edited.up()
    edited.edit()

    plan = edited.stack.pulumi("preview")
    status, _ = edited.up()

    assert f"was edited elsewhere: {EDITED}" in plan.printed
    assert (status, edited.there()) == (0, (False, PROMPT))

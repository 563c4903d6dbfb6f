"""What `new-stack` writes is a stack: its program runs, whichever engine was chosen, here or on the real TruGen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.new_stacks import ENGINES, in_project, words
from tests.fixtures.stack_schemas import STACK, complaints
from tests.program.conftest import Program

Run = Callable[..., Program]


@pytest.mark.parametrize("sandbox", [True, False], ids=["sandbox", "trugen"])
@pytest.mark.parametrize("kind", ENGINES)
def test_a_new_stack_runs(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    sandbox: bool,  # noqa: FBT001 - parametrized
) -> None:
    new_stack = in_project(tmp_path, monkeypatch)
    assert new_stack(*words(kind, sandbox=sandbox)) == 0
    file = new_stack.file()
    secrets: dict[str, Any] = {} if sandbox else {"trugenApiKey": "tg-0123456789"}
    if kind == "hosted":
        secrets["llmTokens"] = {"main": "sk-0123456789"}
    if kind == "anthropic":
        secrets["providerKeys"] = {"main": "sk-0123456789"}

    program = run(file["config"], secrets, stack="trial")

    assert [agent.name for agent in program.all("Agent")] == ["night-desk"]
    assert complaints(STACK, file) == []

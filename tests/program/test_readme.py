"""What the README shows of a stack file is a stack file."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from tests.program.conftest import PROJECT_FOLDER, Program, stack_file


def test_the_example_of_attachments_deploys(run: Callable[..., Program]) -> None:
    readme = (PROJECT_FOLDER / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    config: dict[str, Any] = stack_file("local")["config"]
    example = yaml.safe_load(block)
    agent = config["trugen-llm:agents"]["concierge"] | example.pop("trugen-llm:agents")["concierge"]

    program = run({**config, **example, "trugen-llm:agents": {"concierge": agent}}, stack="local")

    assert [len(program.all(kind)) for kind in ("Tool", "KnowledgeBase", "Agent", "AllVerified")] == [1, 1, 1, 1]
    assert program.only("Agent").input_dependencies["tool"] == {program.only("Tool").urn}

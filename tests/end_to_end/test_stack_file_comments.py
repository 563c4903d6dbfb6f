"""What people write into a stack file beside its values outlives Pulumi's own changes to it."""

import shutil
from pathlib import Path

import yaml

from tests.fixtures.deployment import PROJECT
from tests.fixtures.pulumi_project import PulumiProject
from tests.fixtures.stack_schemas import STACK, complaints


def test_pulumi_config_set_keeps_the_line_that_names_the_schema(tmp_path: Path) -> None:
    project = PulumiProject(tmp_path, "staging")
    shutil.copy2(PROJECT / "Pulumi.yaml", tmp_path)
    (tmp_path / "stacks").mkdir()
    file = tmp_path / "stacks" / "Pulumi.staging.yaml"
    shutil.copy2(PROJECT / "stacks" / file.name, file)
    first = file.read_text(encoding="utf-8").splitlines()[0]

    for words in (
        ("stack", "init", "staging"),
        ("config", "set", "--path", "llms.main.ready.successes", "3"),
        ("config", "set", "--secret", "--path", "llmTokens.main", "sk-0123456789"),
        ("config", "set", "--secret", "--path", "secretHeaders.tools.rooms.Authorization", "Bearer abc-0123456789"),
    ):
        done = project.pulumi(*words)
        assert done.status == 0, done.printed

    changed = file.read_text(encoding="utf-8")
    assert changed.splitlines()[0] == first == "# yaml-language-server: $schema=schema/stack.schema.json"
    assert "sk-0123456789" not in changed
    assert complaints(STACK, yaml.safe_load(changed)) == []

"""`preview --as-sandbox`: our stack files, checked by somebody who has none of their secrets and no state of theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.deployment import PROJECT
from tests.fixtures.pulumi_project import Result

_OURS = ("PULUMI_", "TRUGEN_", "AWS_")


def preview(stack: str, page: Path) -> Result:
    """As a fork's job runs it: nothing in the environment is ours but where Pulumi's plugins are."""
    stranger = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    plugins = {name: os.environ[name] for name in ("PULUMI_HOME",) if name in os.environ}
    policy = ["--policy-pack", "policy/run", "--policy-pack-config", f"policy/config/{stack}.json"]
    command = [sys.executable, "-m", "components", "preview", "--stack", stack, "--as-sandbox", "--comment", str(page)]
    done = subprocess.run(
        [*command, *policy],
        cwd=PROJECT,
        env={**stranger, **plugins, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout)


@pytest.mark.parametrize("stack", ["staging", pytest.param("production", marks=pytest.mark.docker)])
def test_a_stranger_sees_what_a_stack_file_would_make_and_makes_nothing(stack: str, tmp_path: Path) -> None:
    file = PROJECT / "stacks" / f"Pulumi.{stack}.yaml"
    before = file.read_bytes()

    result = preview(stack, tmp_path / "page.md")

    text = (tmp_path / "page.md").read_text()
    assert result.status == 0, result.printed
    assert "| create | `trugen:Agent` | `concierge` |" in text
    assert "| create | `trugen:Sandbox` | `sandbox` |" in text
    assert file.read_bytes() == before


def test_a_stack_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = preview("nowhere", tmp_path / "page.md")

    assert (result.status, "stacks/Pulumi.nowhere.yaml" in result.printed) == (1, True)
    assert "Traceback" not in result.printed

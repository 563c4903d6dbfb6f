"""actionlint and zizmor find nothing in our workflows, and something in bad ones."""

import subprocess
import sys
from pathlib import Path

import pytest

from air_gapped import actionlint
from tests.pipelines.files import PROJECT, WORKFLOWS

BAD = """\
name: bad
on: {pull_request_target: {}}
jobs:
  one:
    runs-on: ubuntu-24.04
    needs: nobody
    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - run: echo "${{ github.event.pull_request.title }} ${{ matrix.stack }}"
"""


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    # actionlint looks for the repository that a workflow belongs to.
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    path = folder / "bad.yml"
    path.write_text(BAD)
    return path


def zizmor(*paths: Path) -> subprocess.CompletedProcess[str]:
    # The strictest persona but `auditor`, whose findings are questions to a person.
    command: list[str | Path] = [
        Path(sys.executable).with_name("zizmor"),
        "--offline",
        "--pedantic",
        "--no-progress",
        *paths,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def linted(*paths: Path) -> subprocess.CompletedProcess[str]:
    # Scripts are read by bash in test_workflows.py; shellcheck is not everywhere.
    command: list[str | Path] = [actionlint.path(), "-shellcheck=", "-pyflakes=", *paths]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)


def test_zizmor_finds_nothing_in_our_workflows() -> None:
    done = zizmor(*WORKFLOWS)

    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "audit", ["dangerous-triggers", "unpinned-uses", "template-injection", "artipacked", "excessive-permissions"]
)
def test_zizmor_names_what_is_dangerous(audit: str, bad: Path) -> None:
    done = zizmor(bad)

    assert done.returncode != 0
    assert f"[{audit}]" in done.stdout


@pytest.mark.end_to_end  # `make test` builds the linter, `make check` does not
def test_actionlint_finds_nothing_in_our_workflows() -> None:
    done = linted(*WORKFLOWS)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.end_to_end
@pytest.mark.parametrize("rule", ["job-needs", "expression"])
def test_actionlint_names_what_cannot_work(rule: str, bad: Path) -> None:
    done = linted(bad)

    assert done.returncode == 1
    assert f"[{rule}]" in done.stdout

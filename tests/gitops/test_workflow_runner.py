"""The stand-in for GitHub's runner, by which the loop's steps are run: it must say what the runner would say."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.workflow_expressions import Context, UnknownExpressionError, condition, text, value
from tests.fixtures.workflow_steps import JobResult, Runner, UnexplainedError, Workflow

NAMES = {
    "github": {"event_name": "pull_request", "event": {"number": 7, "fork": True}},
    "vars": {"RUNNER": "gpu-box"},
    "secrets": {},
    "env": {"STACK": "dev"},
    "steps": {"plan": {"outcome": "failure", "outputs": {"count": "3"}}},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("github.event.number == 7", True),
        ("github.event_name == 'PULL_REQUEST'", True),
        ("vars.RUNNER || 'ubuntu-latest'", "gpu-box"),
        ("vars.UNSET || 'ubuntu-latest'", "ubuntu-latest"),
        ("secrets.TRUGEN_API_KEY != '' && 'there' || 'missing'", "missing"),
        ("!(github.event.fork || false)", False),
        ("steps.plan.outcome == 'failure'", True),
        ("steps.plan.outputs.unset", ""),
        ("format('{0}-{1}', env.STACK, 'it''s')", "dev-it's"),
        ('contains(fromJSON(\'["dev", "staging"]\'), env.STACK)', True),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(expression: str, expected: object) -> None:
    assert value(expression, Context(NAMES)) == expected


@pytest.mark.parametrize(
    "expression", ["github.evnt_name", "hashFiles('**')", "github.event.number > 3", "jobs.x", "'a' 'b'", "(env.STACK"]
)
def test_an_expression_that_nobody_explained_raises(expression: str) -> None:
    with pytest.raises(UnknownExpressionError):
        value(expression, Context(NAMES))


def test_text_around_expressions_stays() -> None:
    assert text("stack ${{ env.STACK }}, #${{ github.event.number }}", Context(NAMES)) == "stack dev, #7"


@pytest.mark.parametrize(("asked", "holds"), [("env.STACK == 'dev'", False), ("always()", True), ("failure()", True)])
def test_after_a_failure_only_a_condition_that_asks_for_it_holds(asked: str, *, holds: bool) -> None:
    assert condition(asked, Context(NAMES, ok=False)) is holds


def run(folder: Path, steps: list[dict[str, Any]], **job: Any) -> JobResult:
    written = folder / "workflow.yml"
    written.write_text(
        yaml.safe_dump({"on": "push", "env": {"LEVEL": "workflow"}, "jobs": {"one": {"steps": steps} | job}})
    )
    names = {name: NAMES[name] for name in ("github", "vars", "secrets")}
    runner = Runner(folder, names, {"PATH": os.environ["PATH"]}, {})
    return runner.run(Workflow(written), "one")


def test_steps_hand_values_on_through_the_runners_files(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        [
            {"id": "first", "run": 'echo count=3 >> "$GITHUB_OUTPUT"; printf "A<<E\\n1\\n2\\nE\\n" >> "$GITHUB_ENV"'},
            {
                "run": 'echo "$A and $LEVEL" >> "$GITHUB_STEP_SUMMARY"',
                "env": {"LEVEL": "${{ steps.first.outputs.count }}"},
            },
        ],
    )

    assert result.ok, result.log
    assert result.summary == "1\n2 and 3\n"


def test_a_failing_step_skips_the_next_ones_but_those_that_always_run(tmp_path: Path) -> None:
    result = run(tmp_path, [{"run": "exit 7"}, {"run": "true"}, {"run": "true", "if": "always()"}])

    assert not result.ok
    assert [step.outcome for step in result.steps] == ["failure", "skipped", "success"]


def test_a_tolerated_failure_lets_the_job_go_on(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [
        {"id": "drift", "run": "exit 7", "continue-on-error": True},
        {"run": "test ${{ steps.drift.outcome }} = failure"},
    ]

    assert run(tmp_path, steps).ok


@pytest.mark.parametrize("shell", ["bash", ""])
def test_a_failing_pipe_is_seen_where_the_runner_sees_it(tmp_path: Path, shell: str) -> None:
    """Without `shell` it calls `bash -e`, with `shell: bash` it adds pipefail."""
    step = {"run": "false | cat"} | ({"shell": shell} if shell else {})

    assert run(tmp_path, [step]).ok is (shell == "")


def test_a_step_sees_no_variable_that_the_file_or_the_machine_does_not_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "canary-of-the-test")

    assert "canary-of-the-test" not in run(tmp_path, [{"run": "env"}]).log


@pytest.mark.parametrize(
    "step", [{"uses": "somebody/action@v1"}, {"run": "true", "retries": 3}, {"run": "x", "shell": "pwsh"}]
)
def test_what_nobody_explained_raises(tmp_path: Path, step: dict[str, Any]) -> None:
    with pytest.raises(UnexplainedError):
        run(tmp_path, [step])

"""What no linter asks of our workflows: pins with their release, few rights, one run per stack, no secret for forks."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.files import GITLAB, PROJECT, WORKFLOWS, Json, jobs, loaded, steps

PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
STACK_JOBS = [
    (path, name)
    for path in WORKFLOWS
    for name, job in jobs(path).items()
    if "components" in str(job.get("steps", "")) and "--stack" in str(job)
]


def by_name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_every_action_is_pinned_to_a_commit_and_says_its_release(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]

    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def test_one_action_has_one_pin_in_all_workflows() -> None:
    pins = {step["uses"] for path in WORKFLOWS for step in steps(path) if "uses" in step}

    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_workflow_has_no_rights_and_each_job_names_its_own_and_its_time(path: Path) -> None:
    assert loaded(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert {"permissions", "timeout-minutes"} <= job.keys(), name
        assert "write-all" not in job["permissions"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_no_checkout_leaves_its_token_behind(path: Path) -> None:
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]

    assert [step for step in checkouts if step.get("with", {}).get("persist-credentials") != "false"] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_no_script_holds_an_expression_that_somebody_else_may_write(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_pull_request_never_runs_with_the_rights_of_the_repository(path: Path) -> None:
    assert {"pull_request_target", "workflow_run", "issue_comment"}.isdisjoint(loaded(path)["on"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_pipe_that_breaks_breaks_its_step(path: Path) -> None:
    assert loaded(path)["defaults"]["run"]["shell"] == "bash"


@pytest.mark.parametrize(("path", "name"), STACK_JOBS, ids=str)
def test_one_stack_is_worked_on_by_one_job_of_a_kind(path: Path, name: str) -> None:
    job = jobs(path)[name]

    stack = "${{ matrix.stack }}" if "matrix" in job.get("strategy", {}) else job["env"]["STACK"]
    assert stack in job["concurrency"]["group"]


@pytest.mark.parametrize("name", ["staging", "production"])
def test_a_deployment_is_never_broken_off_by_a_later_one(name: str) -> None:
    job = jobs(PROJECT / ".github/workflows/deploy.yml")[name]

    assert job["concurrency"]["cancel-in-progress"] == "false"


def test_production_waits_for_staging_and_its_reviewers_and_gets_the_same_commit() -> None:
    staging, production = jobs(PROJECT / ".github/workflows/deploy.yml").values()

    assert (production["needs"], production["environment"]) == ("staging", "production")
    checkouts = [job["steps"][0]["with"]["ref"] for job in (staging, production)]
    assert checkouts == ["${{ github.sha }}"] * 2
    assert staging["steps"] == production["steps"]


def test_a_deployment_holds_the_policy_of_its_stack_against_the_program() -> None:
    for job in jobs(PROJECT / ".github/workflows/deploy.yml").values():
        assert '--policy-pack policy/run --policy-pack-config "policy/config/$STACK.json"' in job["steps"][-1]["run"]
        assert (PROJECT / "policy" / "config" / f"{job['env']['STACK']}.json").exists()


def test_a_fork_gets_no_secret_no_environment_and_no_right_to_write() -> None:
    fork = jobs(PROJECT / ".github/workflows/preview.yml")["fork"]

    assert fork["permissions"] == {"contents": "read"}
    assert "environment" not in fork
    assert fork["runs-on"] == "ubuntu-24.04", "a runner of ours would run a stranger's code"
    assert [word for word in ("secrets.", "vars.", "github.token", "id-token") if word in str(fork)] == []


def test_secrets_reach_only_the_step_that_needs_them() -> None:
    for path in WORKFLOWS:
        for job in jobs(path).values():
            assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})
            if "secrets." in str(job):
                assert "environment" in job, f"{path.name}: secrets outside of an environment"


def test_drift_is_told_apart_from_a_job_that_failed() -> None:
    look = next(step for step in steps(PROJECT / ".github/workflows/drift.yml") if step.get("id") == "look")
    stand_in = 'python3() { return "$ENDS"; }\n'

    for ends, status, said in (("0", 0, "status=0"), ("7", 0, "status=7"), ("1", 1, "status=1"), ("3", 1, "status=3")):
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", stand_in + look["run"]],
            env={"ENDS": ends, "STACK": "dev", "GITHUB_OUTPUT": "/dev/stdout", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, said in done.stdout) == (status, True), done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_every_script_is_one_that_bash_can_read(path: Path) -> None:
    for script in (step["run"] for step in steps(path) if "run" in step):
        done = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class TestGitlab:
    """No schema of GitLab's is installed here, so only what our twin has to keep is asked."""

    content = loaded(GITLAB)

    def of(self, job: str) -> Json:
        """The job with the keys of what it extends; GitLab merges maps within them too, which nothing here asks for."""
        own = self.content[job]
        parents = own.get("extends", [])
        merged: Json = {}
        for parent in [parents] if isinstance(parents, str) else parents:
            merged |= self.of(parent)
        return {**merged, **own}

    def jobs(self) -> list[str]:
        keywords = {"stages", "default", "workflow", "include", "variables"}
        return [name for name in self.content if name not in keywords and not name.startswith(".")]

    def test_every_job_belongs_to_a_stage_that_is_there(self) -> None:
        assert {str(self.of(job)["stage"]) for job in self.jobs()} == set(self.content["stages"])

    def test_every_script_is_one_that_bash_can_read(self) -> None:
        for job in self.jobs():
            for part in ("before_script", "script"):
                script = "\n".join(self.of(job).get(part, []))
                done = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)
                assert done.returncode == 0, (job, done.stderr)

    @pytest.mark.parametrize("stack", ["staging", "production"])
    def test_one_deployment_of_a_stack_runs_at_a_time(self, stack: str) -> None:
        job = self.of(f"deploy {stack}")

        assert job["resource_group"] == "pulumi-$STACK"
        assert "interruptible" not in job, "the default of the file is false"

    def test_production_waits_for_staging_and_a_person(self) -> None:
        job = self.of("deploy production")

        assert job["needs"] == ["deploy staging"]
        assert [rule["when"] for rule in job["rules"]] == ["manual"]

    def test_drift_is_told_apart_from_a_job_that_failed(self) -> None:
        for stack in ("staging", "production"):
            assert self.of(f"drift of {stack}")["allow_failure"] == {"exit_codes": "7"}

    def test_a_fork_gets_no_identity_no_environment_and_no_runner_of_ours(self) -> None:
        job = self.of("preview against a sandbox")

        assert {"id_tokens", "environment", "tags"}.isdisjoint(job)

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.supply_chain.release import release
from tests.supply_chain.verdict import PROJECT

WORKFLOW: dict[str, Any] = yaml.safe_load((PROJECT / ".github" / "workflows" / "release.yml").read_text())
JOBS = WORKFLOW["jobs"]
FILES = {"trugen-llm-v1.2.0.tar.gz", "sbom.cdx.json", "SHA256SUMS"}


def git(folder: Path, *words: str) -> None:
    person = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(
        ["git", *words], cwd=folder, env={**inherited, **person, "GIT_CONFIG_GLOBAL": os.devnull}, check=True
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "requirements.txt").write_text(f"alpha==1.0 --hash=sha256:{'0' * 64}\n")
    (folder / "alpha.sh").write_text("echo alpha\n")
    (folder / "alpha.sh").chmod(0o755)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def step(job: str, name: str) -> str:
    (command,) = (one["run"] for one in JOBS[job]["steps"] if one.get("name") == name)
    return str(command)


def test_two_machines_make_the_same_files_of_a_commit(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(repository), "other")
    git(tmp_path / "other", "config", "tar.umask", "user")
    os.utime(tmp_path / "other" / "alpha.sh", (0, 0))
    (tmp_path / "other" / "not-committed").write_text("left over")

    release("v1.2.0", tmp_path / "one", repository)
    release("v1.2.0", tmp_path / "two", tmp_path / "other")

    assert {path.name for path in (tmp_path / "one").iterdir()} == FILES
    assert {name: (tmp_path / "one" / name).read_bytes() for name in FILES} == {
        name: (tmp_path / "two" / name).read_bytes() for name in FILES
    }


def test_the_archive_unpacks_into_a_folder_of_its_name(repository: Path, tmp_path: Path) -> None:
    release("v1.2.0", tmp_path / "dist", repository)

    with tarfile.open(tmp_path / "dist" / "trugen-llm-v1.2.0.tar.gz") as packed:
        modes = {member.name: member.mode for member in packed if member.isfile()}
    assert modes == {"trugen-llm-v1.2.0/alpha.sh": 0o755, "trugen-llm-v1.2.0/requirements.txt": 0o644}


@pytest.mark.parametrize(("damage", "status"), [(b"", 0), (b"x", 1)])
def test_the_workflow_publishes_only_files_that_match_their_checksums(
    repository: Path, tmp_path: Path, damage: bytes, status: int
) -> None:
    release("v1.2.0", tmp_path, repository)
    with (tmp_path / "sbom.cdx.json").open("ab") as document:
        document.write(damage)

    check = step("publish", "Checksums, after the way through the artifact store")
    checked = subprocess.run(["bash", "-e", "-c", check], cwd=tmp_path, capture_output=True, check=False)

    assert checked.returncode == status


def test_a_folder_that_is_no_repository_is_refused_in_gits_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"git archive: .*not a git repository"):
        release("v1.2.0", tmp_path / "dist", tmp_path)


def test_the_workflow_calls_commands_that_are_there() -> None:
    commands = [
        step("build", "Archive, bill of materials, checksums"),
        step("state", "Deploy a stack against the sandbox and keep its state"),
    ]
    modules = [command.partition(" python -m ")[2].split()[0] for command in commands]

    assert modules == ["tests.supply_chain.release", "tests.fixtures.stored_stack"]
    for command, module in zip(commands, modules, strict=True):
        options = {word for word in command.partition(module)[2].split() if word.startswith("--")}
        shown = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        assert options == {"--into"}
        assert options <= set(shown.stdout.replace("]", " ").split())


def test_only_the_job_that_publishes_may_write_and_it_runs_no_code_of_the_repository() -> None:
    writers = {name for name, job in JOBS.items() if any(right == "write" for right in job["permissions"].values())}

    assert WORKFLOW["permissions"] == {}
    assert writers == {"publish"}
    assert [one["uses"] for one in JOBS["publish"]["steps"] if "checkout" in one.get("uses", "")] == []


def test_nothing_is_published_before_it_was_checked_and_stored() -> None:
    assert {name: job.get("needs") for name, job in JOBS.items()} == {
        "check": None,
        "build": "check",
        "state": "check",
        "publish": ["build", "state"],
    }

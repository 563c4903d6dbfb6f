"""A Pulumi program of this folder in a project of its own, with its own local state."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.process_tree import Weighed, weighed

PROJECT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(__file__).resolve().parent / "programs"
_PROJECT_FILE = "name: many-agents\nruntime:\n  name: python\n  options:\n    virtualenv: .venv\n"


@dataclass(frozen=True)
class Pulumi:
    """
    One way of declaring agents with Pulumi.

    Attributes:
        program: File below `programs/`, becomes the `__main__.py`.
        words: Of `pulumi`, for each phase.
        variables: Of the environment, on top of ours.
    """

    name: str
    program: str
    create: Sequence[str]
    no_op: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)

    def prepare(self, folder: Path, job: Mapping[str, Any] | None) -> "Prepared":
        """A project in *folder*; without a *job* its program is empty."""
        folder.mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(_PROJECT_FILE)
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        for package in ("benchmarks", "components"):
            (folder / package).symlink_to(PROJECT / package)
        (folder / "state").mkdir()
        if job is None:
            (folder / "__main__.py").write_text('"""Nothing."""\n')
        else:
            (folder / "job.json").write_text(json.dumps(job))
            shutil.copyfile(PROGRAMS / self.program, folder / "__main__.py")
        prepared = Prepared(self, folder)
        prepared.run("stack", "init", "bench")
        return prepared


@dataclass(frozen=True)
class Prepared:
    contender: Pulumi
    folder: Path

    def create(self) -> Weighed:
        return weighed(["pulumi", *self.contender.create], cwd=self.folder, env=self._environment())

    def no_op(self) -> Weighed:
        return weighed(["pulumi", *self.contender.no_op], cwd=self.folder, env=self._environment())

    def state_bytes(self) -> int:
        (stack,) = (self.folder / "state").glob(".pulumi/stacks/many-agents/bench.json")
        return stack.stat().st_size

    def run(self, *words: str) -> None:
        command = ["pulumi", *words, "--non-interactive"]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "TRUGEN_API_KEY"}
        return {
            **inherited,
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "benchmark-only",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self.contender.variables,
        }

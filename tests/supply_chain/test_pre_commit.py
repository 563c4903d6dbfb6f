"""Every hook of .ci/pre-commit.yaml in a repository of its own, without a network: what it refuses, what passes."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.supply_chain.verdict import PROJECT

CONFIG = ".ci/pre-commit.yaml"
HOOKS = [hook["id"] for hook in yaml.safe_load((PROJECT / CONFIG).read_text(encoding="utf-8"))["repos"][0]["hooks"]]
KEY = "-----BEGIN {}PRIVATE KEY-----\n"
WORKFLOW = """\
name: check
on: push
permissions: {{}}
concurrency: {{group: "check", cancel-in-progress: true}}
jobs:
  check:
    name: check
    runs-on: ubuntu-24.04
    steps:
      - run: echo {}
"""


@dataclass(frozen=True)
class Refusal:
    """*path* with the text *bad* is refused with the words *says*; with *good* it passes."""

    hook: str
    path: str
    bad: str
    says: str
    good: str


REFUSALS = [
    Refusal("ruff", "alpha.py", "import os\n", "F401", "ALPHA = 1\n"),
    Refusal("ruff-format", "alpha.py", "alpha = {  }\n", "would be reformatted", "alpha = {}\n"),
    Refusal("mypy", "__main__.py", 'alpha: int = "one"\n', "Incompatible types", "alpha: int = 1\n"),
    Refusal(
        "actionlint",
        ".github/workflows/check.yml",
        WORKFLOW.format("${{ github.actr }}"),
        'property "actr" is not defined',
        WORKFLOW.format("hello"),
    ),
    Refusal(
        "zizmor",
        ".github/workflows/check.yml",
        WORKFLOW.format("${{ github.event.pull_request.title }}"),
        "template-injection",
        WORKFLOW.format("hello"),
    ),
    Refusal(
        "test-names",
        "tests/test_alpha.py",
        "def test_update_2() -> None: ...\n",
        "test_update_2",
        "def test_a_b_c(): ...",
    ),
    Refusal(
        "test-names", "tests/test_alpha.py", "def test_update() -> None: ...\n", "test_update", "def update(): ..."
    ),
    Refusal("private-keys", "docs/alpha.md", KEY.format("EC "), "alpha.md:1:", "-----BEGIN CERTIFICATE-----\n"),
    Refusal("private-keys", "alpha.pem", KEY.format(""), "alpha.pem:1:", KEY.format("").replace("PRIVATE", "PUBLIC")),
    Refusal("tokens", "README.md", f"key: ghp_{'a1' * 18}\n", "README.md:1:", "key: ghp_...\n"),
    Refusal("tokens", "stacks/alpha.yaml", f"key: AKIA{'A1' * 8}\n", "alpha.yaml:1:", "key: AKIA...\n"),
    Refusal(
        "tokens", "alpha.py", f'KEY = "sk-ant-api03-{"a1" * 20}"\n', "alpha.py:1:", 'KEY = "sk-trugen-llm-wrong"\n'
    ),
    Refusal(
        "stack-secrets",
        "stacks/Pulumi.alpha.yaml",
        "config:\n  trugen-llm:trugenApiKey: plain\n",
        "trugenApiKey",
        "config:\n  trugen-llm:trugenApiKey:\n    secure: v1:abc=\n",
    ),
]
# Its linter is built from Go modules first, as `make test` does.
SLOW = {"actionlint"}
# Their own tests show what they find: tests/settings/test_schemas.py.
ELSEWHERE = {"schemas"}


class Repository:
    """What the hooks need of ours, and nothing else; the network is a closed port."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self._home = home
        (folder / ".ci").mkdir(parents=True)
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        shutil.copy2(PROJECT / CONFIG, folder / CONFIG)
        shutil.copytree(PROJECT / "air_gapped", folder / "air_gapped", ignore=shutil.ignore_patterns("__pycache__"))
        settings = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
        one_file = [
            line if not line.startswith("files = [") else 'files = ["__main__.py"]' for line in settings.splitlines()
        ]
        (folder / "pyproject.toml").write_text("\n".join(one_file))
        self.write(".gitignore", ".venv\n")
        self.run("git", "init", "--quiet")
        self.run("git", "add", ".")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def hook(self, name: str, path: str) -> subprocess.CompletedProcess[str]:
        self.run("git", "add", path)
        return self.run("pre-commit", "run", name, "--config", CONFIG, "--files", path)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _environment(self) -> Mapping[str, str]:
        # A commit that runs these tests hands its own repository down in GIT_*.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        person = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_HOME": str(self._home), "NO_PROXY": ""}
        path = os.pathsep.join([str(PROJECT / ".venv" / "bin"), inherited["PATH"]])
        return {**inherited, **person, **closed, **alone, "PATH": path}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", tmp_path / "pre-commit")


def _case(refusal: Refusal) -> object:
    marks = [pytest.mark.end_to_end] if refusal.hook in SLOW else []
    return pytest.param(refusal, marks=marks, id=f"{refusal.hook}-{refusal.path}")


@pytest.mark.parametrize("refusal", [_case(one) for one in REFUSALS])
def test_a_hook_refuses_a_bad_file_and_lets_a_good_one_pass(repository: Repository, refusal: Refusal) -> None:
    repository.write(refusal.path, refusal.bad)
    refused = repository.hook(refusal.hook, refusal.path)
    repository.write(refusal.path, refusal.good)
    passed = repository.hook(refusal.hook, refusal.path)

    assert refused.returncode == 1, refused.stdout
    assert refusal.says in refused.stdout
    assert passed.returncode == 0, passed.stdout
    assert "Passed" in passed.stdout


def test_every_hook_is_shown_refusing_something() -> None:
    assert {one.hook for one in REFUSALS} | ELSEWHERE == set(HOOKS)


def test_a_commit_with_a_private_key_in_it_does_not_happen(repository: Repository) -> None:
    installed = repository.run("pre-commit", "install", "--config", CONFIG)
    repository.write("alpha.pem", KEY.format("RSA "))
    repository.run("git", "add", "alpha.pem")

    commit = repository.run("git", "commit", "--message", "Keep the key at hand")

    assert installed.returncode == 0, installed.stdout
    assert commit.returncode != 0
    assert "no private key" in commit.stdout
    assert repository.run("git", "log", "--oneline").returncode != 0  # still no commit

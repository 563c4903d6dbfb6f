"""The scripts of .gitlab/ci.yml, run in bash: one note per merge request and stack, one issue per stack."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fixtures.http_server import serving
from tests.pipelines.files import GITLAB, loaded

KEY = "canary-key-of-gitlab"
NOTES, ISSUES = "/projects/7/merge_requests/3/notes", "/projects/7/issues"
OURS = "<!-- trugen-llm preview: staging -->\nthe last plan"
# What the real one prints and ends with is the business of tests/end_to_end/test_preview_and_drift.py.
COMMAND = """\
#!/bin/sh
if [ "$1" != -m ]; then exec {python} "$@"; fi
case "$*" in *" preview "*) page=preview.md ;; *) page=drift.md ;; esac
printf 'new & "shiny"\\nsecond line' > "$page"
exit "$ENDS"
"""


@dataclass
class Gitlab:
    """Stands in for GitLab's API (docs.gitlab.com/api/notes, /api/issues), as far as these scripts ask it."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    changes: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    gitlab: Gitlab

    def do_GET(self) -> None:
        self._answer(self.gitlab.kept)

    def do_POST(self) -> None:
        self._change()

    def do_PUT(self) -> None:
        self._change()

    def _change(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        form = {name: values[0] for name, values in sent.items()}
        self.gitlab.changes.append((self.command, urlsplit(self.path).path, form))
        self._answer({"id": 1})

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200 if self.headers["PRIVATE-TOKEN"] == KEY else 401)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@dataclass
class Job:
    folder: Path
    gitlab: Gitlab
    port: int

    def run(self, name: str, ends: int) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{self.folder}:/usr/local/bin:/usr/bin:/bin",
            "ENDS": str(ends),
            "STACK": "staging",
            "GITLAB_TOKEN": KEY,
            "CI_API_V4_URL": f"http://127.0.0.1:{self.port}",
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "3",
        }
        script = "\n".join(loaded(GITLAB)[name]["script"])
        # As GitLab's runner: its own shell stops at the first command that fails, in pipes too.
        command = ["bash", "-eo", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, check=False, timeout=60
        )
        assert KEY not in done.stdout + done.stderr
        return done


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    command = tmp_path / "python3"
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    gitlab = Gitlab()
    with serving(_Handler, gitlab=gitlab) as port:
        yield Job(tmp_path, gitlab, port)


@pytest.mark.parametrize("ends", [0, 1])
def test_the_first_preview_of_a_merge_request_is_a_new_note(job: Job, ends: int) -> None:
    job.gitlab.kept = [{"id": 4, "body": "a person's"}]

    done = job.run(".preview", ends)

    assert done.returncode == ends, done.stderr
    assert job.gitlab.changes == [("POST", NOTES, {"body": 'new & "shiny"\nsecond line'})]


def test_a_later_preview_replaces_the_note_of_its_stack(job: Job) -> None:
    job.gitlab.kept = [{"id": 4, "body": OURS.replace("staging", "production")}, {"id": 5, "body": OURS}]

    job.run(".preview", 0)

    assert [(method, path) for method, path, _ in job.gitlab.changes] == [("PUT", f"{NOTES}/5")]


def test_drift_opens_one_issue_and_later_drift_writes_to_the_same(job: Job) -> None:
    opened = job.run(".drift", 7)
    job.gitlab.kept = [{"iid": 8, "title": "Drift of stack staging-2"}, {"iid": 9, "title": "Drift of stack staging"}]
    again = job.run(".drift", 7)

    assert (opened.returncode, again.returncode) == (7, 7)
    first, second = job.gitlab.changes
    assert (first[:2], first[2]["title"]) == (("POST", ISSUES), "Drift of stack staging")
    assert second == ("PUT", f"{ISSUES}/9", {"description": 'new & "shiny"\nsecond line'})


def test_a_clean_night_closes_the_issue_and_nothing_else(job: Job) -> None:
    without = job.run(".drift", 0)
    job.gitlab.kept = [{"iid": 9, "title": "Drift of stack staging"}]
    done = job.run(".drift", 0)

    assert (without.returncode, done.returncode) == (0, 0)
    assert job.gitlab.changes == [("PUT", f"{ISSUES}/9", {"state_event": "close"})]


def test_a_failure_is_no_drift_and_touches_no_issue(job: Job) -> None:
    job.gitlab.kept = [{"iid": 9, "title": "Drift of stack staging"}]

    assert job.run(".drift", 1).returncode == 1
    assert job.gitlab.changes == []

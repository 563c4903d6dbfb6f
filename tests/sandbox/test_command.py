"""`python -m components.sandbox` as a person starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command and the first line it prints."""
    command = [sys.executable, "-m", "components.sandbox", *arguments]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.terminate()


def test_it_says_where_it_listens_and_where_the_key_is(tmp_path: Path) -> None:
    with started("--port", "0", "--data-dir", str(tmp_path)) as (_, line):
        api_url = line.split()[2].rstrip(",")
        key = (tmp_path / "api_key").read_text()
        answer = requests.get(f"{api_url}/ext/agent", headers={"x-api-key": key}, timeout=5)

    assert line.endswith(f"x-api-key in {tmp_path / 'api_key'}\n")
    assert key not in line
    assert (answer.status_code, answer.json()) == (200, [])


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with started("--port", "0", "--data-dir", str(tmp_path)) as (process, _):
        sockets = Path(f"/proc/{process.pid}/net/tcp").read_text()
        inodes = {link.readlink().name for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()}
        listening = [line.split() for line in sockets.splitlines()[1:] if line.split()[3] == "0A"]
        ours = [fields[1].split(":")[0] for fields in listening if f"socket:[{fields[9]}]" in inodes]

    assert ours == ["0100007F"]


def test_what_it_stores_is_for_its_owner_only(tmp_path: Path) -> None:
    data_dir = tmp_path / "new"

    with started("--port", "0", "--data-dir", str(data_dir)):
        modes = {path.stat().st_mode & 0o077 for path in [data_dir, *data_dir.iterdir()]}

    assert modes == {0}


def test_two_processes_cannot_serve_one_data_dir(tmp_path: Path) -> None:
    with started("--port", "0", "--data-dir", str(tmp_path)):
        second = subprocess.run(
            [sys.executable, "-m", "components.sandbox", "--port", "0", "--data-dir", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert second.returncode == 1
    assert f"{tmp_path} is served by another process" in second.stderr


def test_it_answers_as_it_is_told(tmp_path: Path) -> None:
    words = ["--behaviour", "providers=object", "--behaviour", "placement=flat"]
    with started("--port", "0", "--data-dir", str(tmp_path), *words) as (_, line):
        api_url = line.split()[2].rstrip(",")
        headers = {"x-api-key": (tmp_path / "api_key").read_text()}

        assert isinstance(requests.get(f"{api_url}/ext/providers", headers=headers, timeout=5).json(), dict)


def test_a_behaviour_that_does_not_exist_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    data_dir = tmp_path / "new"
    refused = subprocess.run(
        [sys.executable, "-m", "components.sandbox", "--data-dir", str(data_dir), "--behaviour", "patch=maybe"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (refused.returncode, data_dir.exists()) == (2, False)
    assert "patch=maybe cannot be; patch is present or absent" in refused.stderr

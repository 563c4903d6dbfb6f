import os
import sys
from pathlib import Path

import pytest

from benchmarks.process_tree import CommandFailed, weighed

MIB = 2**20
# A child that touches its memory and lives long enough to be sampled.
_GREEDY = "import time; kept = b'x' * (64 * 2**20); time.sleep(0.5)"


def test_the_memory_of_a_child_counts(tmp_path: Path) -> None:
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_GREEDY!r}], check=True)"

    weight = weighed([sys.executable, "-c", script], cwd=tmp_path, env=os.environ)

    assert weight.peak_rss_bytes > 64 * MIB


def test_what_the_command_printed_is_kept(tmp_path: Path) -> None:
    weight = weighed([sys.executable, "-c", "print('0 added')"], cwd=tmp_path, env=os.environ)

    assert weight.printed == "0 added\n"


def test_a_failing_command_is_no_measurement(tmp_path: Path) -> None:
    script = "print('the real cause'); raise SystemExit(3)"

    with pytest.raises(CommandFailed, match=r"(?s)ended with status 3.*the real cause"):
        weighed([sys.executable, "-c", script], cwd=tmp_path, env=os.environ)

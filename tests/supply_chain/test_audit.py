"""`make audit` as it is run, over our own locks; the advisories come from a scripted OSV server on loopback."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.supply_chain.verdict import PROJECT


@pytest.mark.parametrize(
    ("closed", "status", "told"), [(False, 0, "advisories: passed"), (True, 3, "advisories: unknown")]
)
def test_an_audit_that_could_not_ask_does_not_end_as_one_that_found_nothing(
    tmp_path: Path, *, closed: bool, status: int, told: str
) -> None:
    with ScriptedServer(lambda _: answer(200, {}), closed=closed) as osv:
        command = [sys.executable, "-m", "tests.supply_chain", f"--osv-url={osv.root_url}/v1/query"]
        done = subprocess.run(
            [*command, f"--sbom={tmp_path / 'sbom.json'}"], cwd=PROJECT, capture_output=True, text=True, check=False
        )

    assert done.returncode == status, done.stdout + done.stderr
    assert told in done.stdout
    assert "bill of materials: passed" in done.stdout
    assert "licences: passed" in done.stdout

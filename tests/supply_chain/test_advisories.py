"""
pip-audit is the real one. Where it asks somebody, that is a scripted OSV server on loopback, after the OSV API's
`POST /v1/query` (google.github.io/osv.dev/post-v1-query).
"""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Act, Asked
from tests.supply_chain.advisories import advisories, judged

WEAK = {
    "id": "PYSEC-2026-1",
    "summary": "answers strangers",
    "affected": [
        {
            "package": {"name": "beta", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}


def told(asked: Asked) -> Act:
    return answer(200, {"vulns": [WEAK]} if asked.json()["package"]["name"] == "beta" else {})


def well(_: Asked) -> Act:
    return answer(200, {})


def broken(_: Asked) -> Act:
    return answer(503, {})


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("".join(f"{name}==2.0 \\\n    --hash=sha256:{'0' * 64}\n" for name in ("alpha", "beta")))
    return path


def test_a_locked_package_with_an_advisory_fails_with_its_id_and_the_version_that_repairs_it(lock: Path) -> None:
    with ScriptedServer(told) as osv:
        verdict = advisories(f"{osv.root_url}/v1/query", [lock])

    assert verdict.status == "failed"
    assert verdict.lines == ("beta 2.0: PYSEC-2026-1, fixed in 2.1: make lock",)


def test_packages_without_an_advisory_pass_with_their_number(lock: Path) -> None:
    with ScriptedServer(well) as osv:
        verdict = advisories(f"{osv.root_url}/v1/query", [lock])

    assert (verdict.status, verdict.lines) == ("passed", ("2 packages, none with a known vulnerability",))


@pytest.mark.parametrize("closed", [True, False])
def test_a_server_that_does_not_answer_leaves_it_unknown_and_says_what_to_do(lock: Path, *, closed: bool) -> None:
    with ScriptedServer(broken, closed=closed) as osv:
        verdict = advisories(f"{osv.root_url}/v1/query", [lock])

    assert verdict.status == "unknown"
    assert verdict.lines[0].startswith("pip-audit could not ask: ")
    assert "make audit ARGS=--osv-url=URL" in verdict.lines[-1]


def skipped(name: str) -> dict[str, Any]:
    return {"name": name, "skip_reason": f"Dependency not found on PyPI and could not be audited: {name} (2.0)"}


def test_packages_that_pip_audit_skips_leave_it_unknown_although_it_calls_that_no_vulnerability() -> None:
    verdict = judged({"dependencies": [skipped("alpha"), {"name": "beta", "version": "2.0", "vulns": []}]})

    assert verdict.status == "unknown"
    assert verdict.lines[:2] == ("nothing is known about 1 of 2 packages", skipped("alpha")["skip_reason"])


def test_a_report_about_nothing_is_unknown() -> None:
    assert judged({"dependencies": []}).status == "unknown"


def test_one_advisory_fails_even_where_others_could_not_be_asked_about() -> None:
    weak = {"name": "beta", "version": "2.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": []}]}

    verdict = judged({"dependencies": [skipped("alpha"), weak]})

    assert verdict.status == "failed"
    assert verdict.lines[0] == "beta 2.0: PYSEC-2026-1, no fixed version yet"

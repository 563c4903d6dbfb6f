"""What the commands say of an LLM that TruGen serves itself: no endpoint to look at, and nobody to talk to here."""

import json
from pathlib import Path

import pytest

from components.cli import doctor, up

OUTPUTS = {
    "trugen_api_url": "http://127.0.0.1:9/v1",
    "sandbox": {"api_url": "http://127.0.0.1:9/v1", "api_key": "k"},
    "llms": {"fast": {"engine": "trugen", "provider": "groq", "model": "openai/gpt-oss-120b"}},
    "agents": {"ada": {"id": "ag-1", "status": "verified", "say_url": "http://127.0.0.1:9/sandbox"}},
    "developer_studio": {},
}


@pytest.fixture(autouse=True)
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `pulumi` that has deployed the stack and says nothing else than its outputs."""
    (tmp_path / "outputs.json").write_text(json.dumps(OUTPUTS))
    program = tmp_path / "pulumi"
    program.write_text(
        f"#!/bin/sh\ncase $* in *output*) cat {tmp_path}/outputs.json;; *export*) exit 1;; *) echo v3;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")


def test_doctor_says_who_serves_it_and_probes_nothing() -> None:
    findings = {finding.subject: str(finding) for finding in doctor.examine("any")}

    assert findings["llm fast"].split() == (
        ["ok", "llm", "fast", "openai/gpt-oss-120b", "of", "groq,", "served", "by", "TruGen;", "nothing", "to", "probe"]
    )


def test_up_names_it_and_does_not_talk_to_its_agent(capfd: pytest.CaptureFixture[str]) -> None:
    up.up("any")

    printed, _ = capfd.readouterr()
    assert "llm    fast: openai/gpt-oss-120b of groq, served by TruGen\n" in printed
    assert printed.endswith("agent  ada: ag-1, verified\n")

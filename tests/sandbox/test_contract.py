"""Schemathesis holds the sandbox to the contract; schemathesis.toml beside this file says with which exceptions."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.sandbox_server import SandboxServer

CONTRACT = Path(__file__).parents[2] / "docs" / "contract" / "trugen-openapi.yaml"
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.contract
def test_every_documented_call_answers_as_documented_to_valid_and_to_invalid_requests(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    with SandboxServer(tmp_path) as sandbox:
        contract.write_text(yaml.safe_dump(with_examples(objects(sandbox))))
        command = ["schemathesis.cli", "--config-file", str(CONFIG), "run", str(contract), "--url", sandbox.root]
        run = subprocess.run(
            [sys.executable, "-m", *command, "-H", f"x-api-key: {sandbox.api_key}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Selected: 40/40" in run.stdout, run.stdout


def with_examples(ids: dict[str, str]) -> dict[str, Any]:
    """
    Contract with the blanks filled in, so that valid requests find something.

    `/v1` goes into the paths, since the server URL of most of them ends in it and that of /v2 does not. The example of
    an `id` in a path is that of an object which exists, taken from *ids* by the path of the collection.
    """
    contract: dict[str, Any] = yaml.safe_load(CONTRACT.read_text())
    paths = {path if path.startswith("/v2/") else f"/v1{path}": item for path, item in contract["paths"].items()}
    for path, item in paths.items():
        item.pop("servers", None)
        collection, has_id, _ = path.partition("/{id}")
        if has_id and collection in ids:
            id_ = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            item["parameters"] = [{**id_, "example": ids[collection]}]
    return {**contract, "paths": paths}


def objects(sandbox: SandboxServer) -> dict[str, str]:
    """Id of a new object per collection, by the path of the collection."""
    text = {"name": "n", "description": "d"}
    tool = {
        "type": "tool.api",
        "schema": {"type": "function", "parameters": {}, **text},
        "request_config": {"method": "GET", "url": "http://127.0.0.1/"},
        "event_messages": {},
    }
    bodies = {
        "/ext/agent": {"agent_name": "a", "agent_system_prompt": "", "config": {}, "avatars": [{}]},
        "/ext/tool": tool,
        "/ext/mcp": {**text, "type": "sse", "request_config": {"url": "http://127.0.0.1/"}},
        "/ext/guardrail": {"name": "n", "prompt": "p"},
        "/ext/template": {"template_name": "t"},
    }
    ids = {f"/v1{path}": sandbox.call("POST", path, body).json()["id"] for path, body in bodies.items()}
    form = {name: (None, value) for name, value in text.items()}
    return {**ids, "/v1/ext/kb": sandbox.call("POST", "/ext/kb", files=form).json()["id"]}

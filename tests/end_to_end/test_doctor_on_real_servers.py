"""`doctor URL` before real servers: whom it takes them for, and what it says of them."""

import os
import subprocess
import sys

import pytest

from tests.fixtures.deployment import PROJECT
from tests.fixtures.real_servers import LITELLM_KEY, MODEL, RealServer

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("engine", ["llama.cpp", "litellm", "ollama"])
def test_a_ready_server_is_recognised_and_proven(engine: str, request: pytest.FixtureRequest) -> None:
    server: RealServer = request.getfixturevalue(engine.replace(".", "_"))

    told = doctor(server, MODEL)

    assert (0, "") == (told.returncode, told.stdout.partition(f"engine: {engine}, by ")[0]), told.stdout + told.stderr
    assert f"Ready: {server.base_url} streams {MODEL} as TruGen needs it" in told.stdout


def test_a_proxy_without_an_upstream_is_not_ready(litellm: RealServer) -> None:
    told = doctor(litellm, "dead")

    assert 1 == told.returncode
    assert "OpenAIException - Connection error" in told.stdout
    assert LITELLM_KEY not in told.stdout + told.stderr


def doctor(server: RealServer, model: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "components", "doctor", server.base_url, "--model", model],
        cwd=PROJECT,
        env={**os.environ, "LLM_TOKEN": LITELLM_KEY},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

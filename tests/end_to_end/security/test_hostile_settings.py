"""What a stack file must not smuggle into a configuration, a command or a request: refused before anything runs."""

import json

import docker
import pytest

from tests.fixtures.guarded import Guarded

pytestmark = pytest.mark.docker

ESCAPE = "a}\n\thttp://:8080 {\n\t\trespond {file./run/trugen-llm/token}\n\t}\n\t{$HOME} \"'`"
HOSTILE = {
    "gateway.hosts": [ESCAPE],
    "gateway.tls.hostname": ESCAPE,
    "gateway.tls.acmeEmail": f"ops@example.com\n{ESCAPE}",
    "gateway.bind": f"127.0.0.1\n{ESCAPE}",
    "gateway.image": f"caddy:2.11.7 {ESCAPE}",
    "gateway.relayImage": f"python:3.11\n{ESCAPE}",
    "gateway.keepAliveS": f"10 {ESCAPE}",
    "gateway.maxBody": f"4MiB\n}} {ESCAPE}",
    "gateway.maxConcurrent": f"9\n{ESCAPE}",
    "model": f"smollm2:135m\n{ESCAPE}",
    "image": f"ollama/ollama:0.24.0\n{ESCAPE}",
    "keepAlive": f"5m\nOLLAMA_HOST=0.0.0.0 {ESCAPE}",
}


def recorded(guarded: Guarded) -> list[tuple[str, str | None]]:
    """What the state knows to exist; a run that is refused has refreshed it."""
    resources = json.loads(guarded.exported_state())["deployment"]["resources"]
    return [(one["urn"], one.get("id")) for one in resources]


def test_every_hostile_value_is_refused_by_its_name_and_nothing_changes(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    good = guarded.config()["config"]["trugen-llm:llms"]["main"]
    state, running = recorded(guarded), {role: one.id for role, one in guarded.roles(engine).items()}
    for path, value in HOSTILE.items():
        guarded.change(f"llms.main.{path}", value)
    try:
        refused = guarded.up("--skip-preview")
    finally:
        guarded.change("llms.main", good)

    assert refused.status != 0
    assert [path for path in HOSTILE if f"llms.main.{path}" not in refused.printed] == []
    assert "Traceback" not in refused.printed
    assert recorded(guarded) == state
    assert {role: one.id for role, one in guarded.roles(engine).items()} == running

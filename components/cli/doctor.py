"""What is here, what is missing, and what to type next."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

from components.cli import doctor_orphans, doctor_state, engine, recorded, weak_choices
from components.cli.finding import Finding
from components.llm.gate.readiness import Target, probe_once
from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError

_LOOK_LIMIT_S = 20


def examine(stack: str) -> Iterator[Finding]:
    """Look at tools, state, what the state does not know, endpoints and agents of *stack*, changing nothing."""
    pulumi = _tool("Pulumi CLI", ["pulumi", "version"], "make up")
    yield pulumi
    yield _tool("Docker engine", ["docker", "version", "--format", "{{.Server.Version}}"], "make up")
    if pulumi.verdict != "ok":
        return
    for weak in weak_choices.found(stack):
        yield Finding(weak.subject, "warning", weak.detail, weak.next_step)
    yield from doctor_state.files(stack)
    known = recorded.read(stack)
    if known is not None:
        yield from doctor_state.unfinished(stack, known)
        if doctor_state.at_work(stack):
            yield Finding("orphans", "unknown", "not looked for while a run is at work")
        else:
            yield from doctor_orphans.in_trugen(stack, known)
            yield from doctor_orphans.in_docker(stack, known)
    outputs = engine.outputs(stack)
    if not outputs:
        yield Finding("stack", "fault", f"{stack} was never deployed, or its passphrase is another", "make up")
        return
    for name, llm in outputs["llms"].items():
        yield _endpoint(name, llm, outputs["developer_studio"])
    yield from _agents(outputs)


def _tool(subject: str, command: list[str], next_step: str) -> Finding:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LOOK_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(subject, "fault", f"`{command[0]}` does not run: {type(error).__name__}", next_step)
    if done.returncode == 0:
        return Finding(subject, "ok", done.stdout.strip())
    return Finding(subject, "fault", (done.stderr.strip() or "it says nothing").splitlines()[-1], next_step)


def _endpoint(name: str, llm: dict[str, Any], studio: dict[str, Any]) -> Finding:
    if "endpoint" not in llm:
        return Finding(f"llm {name}", "ok", f"{llm['model']} of {llm['provider']}, served by TruGen; nothing to probe")
    token = next((form["token"] for form in studio.values() if form["llm"] == name), None)
    health = probe_once(Target(llm["endpoint"], llm["model"], llm["engine"], token=token))
    if health.healthy:
        return Finding(f"llm {name}", "ok", f"{llm['model']} streams at {llm['endpoint']}")
    return Finding(f"llm {name}", "fault", f"{llm['endpoint']}: {health.reason}", "pulumi up --refresh")


def _agents(outputs: dict[str, Any]) -> Iterator[Finding]:
    sandbox = outputs.get("sandbox")
    api_url = outputs["trugen_api_url"]
    key = sandbox["api_key"] if sandbox else os.environ.get("TRUGEN_API_KEY")
    if key is None:
        yield Finding("TruGen", "unknown", f"{api_url} was not asked", "export TRUGEN_API_KEY=<key>; make doctor")
        return
    client = TrugenClient(api_url, key)
    for name, agent in outputs["agents"].items():
        try:
            client.agents.get(agent["id"])
        except TrugenError as error:
            yield Finding(f"agent {name}", "fault", str(error).splitlines()[0], "pulumi up --refresh")
        else:
            yield Finding(f"agent {name}", "ok", f"{agent['id']} is there, {agent['status']}")

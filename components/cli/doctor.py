"""What is here, what is missing, and what to type next."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from components.cli import engine, locks, state_files, weak_choices
from components.llm.gate.readiness import Target, probe_once
from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError

_LOOK_LIMIT_S = 20


@dataclass(frozen=True)
class Finding:
    """
    One thing looked at. `unknown` means that it could not be looked at, and is neither good nor bad; `warning` that it
    works and may be regretted.
    """

    subject: str
    verdict: Literal["ok", "warning", "fault", "unknown"]
    detail: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f"\n{'':<11}next: {self.next_step}" if self.next_step else ""
        return f"{self.verdict:<8} {self.subject:<16} {self.detail}{step}"


def examine(stack: str) -> Iterator[Finding]:
    """Look at tools, lock, endpoints and agents of *stack*, changing nothing."""
    pulumi = _tool("Pulumi CLI", ["pulumi", "version"], "make up")
    yield pulumi
    yield _tool("Docker engine", ["docker", "version", "--format", "{{.Server.Version}}"], "make up")
    if pulumi.verdict != "ok":
        return
    for weak in weak_choices.found(stack):
        yield Finding(weak.subject, "warning", weak.detail, weak.next_step)
    yield from _locks(stack)
    for path in state_files.half_written(stack):
        yield Finding("stack state", "fault", f"left half-written by a run that is dead: {path}", f"rm {path}")
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


def _locks(stack: str) -> Iterator[Finding]:
    for lock in locks.locks(stack):
        if lock.is_dead:
            yield Finding(
                "stack lock", "fault", f"left by a run that is dead: {lock}", f"pulumi cancel --yes --stack {stack}"
            )
        else:
            yield Finding("stack lock", "ok", f"a run holds it: {lock}")


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

"""Print the agents of a workspace as a stack file, so that a team whose agents were made by hand moves in."""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from components.agent.adopted import NotExpressibleError, adopted
from components.cli import engine
from components.cli.adopted_stack import AdoptedStack, UnusableLlmError
from components.trugen.address import CLOUD_API_URL
from components.trugen.client import TrugenClient
from components.trugen.errors import NotFoundError, TrugenError

_READS_AT_ONCE = 8
_MARKED = re.compile(r".* \[[a-z2-7]{8}\]", re.DOTALL)


@dataclass(frozen=True)
class _Workspace:
    """Where the agents are, and what the stack has of them already."""

    client: TrugenClient
    trugen: dict[str, Any] | None
    managed: frozenset[str]
    agents: frozenset[str]
    llms: frozenset[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("agent_ids", nargs="*", metavar="AGENT_ID")
    parser.add_argument("--all", action="store_true", help="every agent that no stack manages yet")
    parser.add_argument("--stack", help="the stack they move into; its sandbox, names and agents are respected")
    parser.add_argument("--api-url", help="the API root, unless the stack says it")


def adopt(arguments: argparse.Namespace) -> int:
    """Print the stack file; 1 when an agent cannot stand in it or TruGen fails, with the reason on stderr."""
    if bool(arguments.agent_ids) == arguments.all:
        print("Say which agents: their ids, or --all.", file=sys.stderr)
        return 2
    try:
        workspace = _workspace(arguments.stack, arguments.api_url)
        ids = list(_unmanaged(workspace)) if arguments.all else list(dict.fromkeys(arguments.agent_ids))
        stack = AdoptedStack(arguments.stack, agents=workspace.agents, llms=workspace.llms)
        skipped = list(_filled(stack, workspace.client, ids))
    except TrugenError as error:
        print(error, file=sys.stderr)
        return 1
    if len(skipped) < len(ids):
        print(stack.text(_project(), workspace.trugen), end="")
    for line in skipped:
        print(line, file=sys.stderr)
    print(f"{len(ids) - len(skipped)} agents written, {len(skipped)} left out", file=sys.stderr)
    return int(bool(skipped))


def _workspace(stack: str | None, api_url: str | None) -> _Workspace:
    outputs = engine.outputs(stack) if stack else {}
    # A real key must never reach a sandbox, nor the sandbox's key another address.
    sandbox = None if api_url else outputs.get("sandbox")
    url = api_url or outputs.get("trugen_api_url") or CLOUD_API_URL
    key = sandbox["api_key"] if sandbox else os.environ.get("TRUGEN_API_KEY", "")
    return _Workspace(
        client=TrugenClient(url, key),
        trugen=None if sandbox else {"apiUrl": url},
        managed=frozenset(agent["id"] for agent in outputs.get("agents", {}).values()),
        agents=frozenset(outputs.get("agents", {})),
        llms=frozenset(outputs.get("llms", {})),
    )


def _unmanaged(workspace: _Workspace) -> Iterator[str]:
    """Ids of all agents that are nobody's yet, oldest first, so that names stay what they are when agents are added."""
    found = sorted(workspace.client.agents.search(""), key=lambda one: (str(one.get("created_at")), one["id"]))
    for one in found:
        if one["id"] in workspace.managed:
            continue
        if _MARKED.fullmatch(str(one["agent_name"])):
            print(f"{one['id']}: passed over, its marker says that a stack manages it; name its id", file=sys.stderr)
            continue
        yield one["id"]


def _filled(stack: AdoptedStack, client: TrugenClient, ids: Iterable[str]) -> Iterator[str]:
    """Read the agents and put them into *stack*; yields a line for each that cannot stand there."""
    with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
        for id_, document in zip(ids, pool.map(lambda id_: _read(client, id_), ids), strict=True):
            if document is None:
                yield f"{id_}: left out, this workspace has no such agent"
                continue
            try:
                stack.add(adopted(document))
            except (NotExpressibleError, UnusableLlmError) as error:
                yield f"{id_}: left out, {error}"


def _read(client: TrugenClient, id_: str) -> dict[str, Any] | None:
    try:
        return client.agents.get(id_)
    except NotFoundError:
        return None


def _project() -> str:
    lines = (engine.PROJECT / "Pulumi.yaml").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("name:").strip() for line in lines if line.startswith("name:"))

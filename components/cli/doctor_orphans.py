"""
What bears the mark of a stack and is not in its state: agents and attachments in TruGen, containers in Docker.

A mark is computed from project, stack and name (`lifecycle/identity.py`). So an orphan is found for a name that the
state or the stack file has; one whose name stands in neither any more looks like a stranger's. Names that are exact
carry no mark.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import docker
from docker.errors import DockerException

from components.cli import stack_file
from components.cli.finding import Finding
from components.cli.recorded import Recorded, Workspace
from components.lifecycle.identity import MARKER_CHARACTERS, marker
from components.llm.names import Names
from components.trugen import calls
from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError

PROJECT = "trugen-llm"
_CONTAINER = "docker:index/container:Container"
_DYNAMIC = "pulumi-python:dynamic/trugen:"
# Type in the state -> section of the stack file, calls.
_KINDS = {
    "Agent": ("agents", calls.AGENT_CALLS),
    "KnowledgeBase": ("knowledgeBases", calls.KNOWLEDGE_BASE_CALLS),
    "Tool": ("tools", calls.TOOL_CALLS),
    "McpServer": ("mcpServers", calls.MCP_SERVER_CALLS),
    "Guardrail": ("guardrails", calls.GUARDRAIL_CALLS),
    "Template": ("templates", calls.TEMPLATE_CALLS),
}
_MARK = re.compile(rf'\[([a-z2-7]{{{MARKER_CHARACTERS}}})\]"')


def in_trugen(stack: str, recorded: Recorded) -> Iterator[Finding]:
    """Agents and attachments that the state does not know."""
    workspace = recorded.workspace()
    key = _key(workspace)
    if workspace is None or key is None:
        yield Finding("orphans", "unknown", "TruGen was not asked: the state holds no workspace, or no key to it")
        return
    client = TrugenClient(workspace.api_url, key, ca_bundle=workspace.ca_bundle)
    declared = _stack_file(stack)
    for word, (section, kind) in _KINDS.items():
        known = recorded.ids(f"{_DYNAMIC}{word}")
        names = {*known.values(), *recorded.begun(f"{_DYNAMIC}{word}"), *declared.get(section, ())}
        if not names:
            continue
        try:
            shown = client.objects(kind).search("")
        except TrugenError as error:
            yield Finding("orphans", "unknown", f"{kind.noun}s: {str(error).splitlines()[0]}")
            continue
        for id_, name in _unknown(stack, kind, names, shown, known):
            if name in known.values():
                own = "<api_key of `pulumi stack output sandbox --show-secrets`>"
                shown_key = own if workspace.is_sandbox else "$TRUGEN_API_KEY"
                remove = f'curl -X DELETE -H "x-api-key: {shown_key}" {workspace.api_url}{kind.path}/{id_}'
                yield Finding(f"{kind.noun} {name}", "fault", f"{id_} is a twin that the state does not know", remove)
            else:
                take = f"python -m components up --stack {stack}   # takes it over"
                yield Finding(f"{kind.noun} {name}", "fault", f"{id_} is there and the state does not know it", take)


def in_docker(stack: str, recorded: Recorded) -> Iterator[Finding]:
    """Containers with the labels of *stack* that the state does not know; of a Docker that answers."""
    known = recorded.ids(_CONTAINER)
    label = [f"{name}={value}" for name, value in Names(PROJECT, stack, "").owner.items() if value]
    try:
        client = docker.from_env()
    except DockerException:
        return
    try:
        found = client.api.containers(all=True, filters={"label": label})
    except (DockerException, OSError):
        return
    finally:
        client.close()
    for one in found:
        name = one["Names"][0].removeprefix("/")
        if one["Id"] not in known:
            step = f"python -m components up --stack {stack}   # puts its own in its place, or: docker rm -f {name}"
            yield Finding("container", "fault", f"{name} is there and the state does not know it", step)


def _key(workspace: Workspace | None) -> str | None:
    """In the order in which the provider takes them."""
    if workspace is None:
        return None
    if workspace.is_sandbox:
        return workspace.api_key
    return os.environ.get("TRUGEN_API_KEY") or workspace.api_key


def _unknown(
    stack: str, kind: calls.Calls, names: set[str], shown: list[dict[str, Any]], known: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    noun = "" if kind is calls.AGENT_CALLS else kind.noun
    ours = {marker(PROJECT, stack, name, noun): name for name in names}
    for document in shown:
        for mark in _MARK.findall(json.dumps(document)):
            if mark in ours and document["id"] not in known:
                yield document["id"], ours[mark]


def _stack_file(stack: str) -> Mapping[str, Any]:
    """Sections of the stack file by name; none of a file that cannot be read, which the program will say."""
    try:
        config = stack_file.read(stack)["config"]
        return {key.partition(":")[2]: value for key, value in config.items() if isinstance(value, dict)}
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return {}

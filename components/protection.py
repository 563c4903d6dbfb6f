"""
What a run would lose of what the last ones made, against `protection.maxDeletes` of the stack file.

Asked before anything is made. What was made is read from the state and not from the outputs of the stack, which a run
that fails half-way does not write (docs/adr/0014).
"""

from collections.abc import Iterable, Iterator

import pulumi

from components.stack.document import Settings

_TYPE = "pulumi-python:dynamic/trugen:"
_SECTIONS = {
    "Agent": "agents",
    "KnowledgeBase": "knowledgeBases",
    "Tool": "tools",
    "McpServer": "mcpServers",
    "Guardrail": "guardrails",
    "Template": "templates",
}
_SHOWN = 20


class ProtectionError(Exception):
    """The run would lose more than the stack file allows; the text says what, and what to do."""


def check(settings: Settings) -> None:
    """
    Compare what the state holds with what is declared.

    Raises:
        ProtectionError: More would go than `protection.maxDeletes`, or the state cannot be read.
    """
    limit = settings.protection.max_deletes
    if limit is None:
        return
    made = set(entries(_recorded(settings)))
    lost = made - declared(settings)
    if len(lost) > limit:
        raise ProtectionError(refusal(settings.stack, lost, made, limit))


def entries(urns: Iterable[str]) -> Iterator[str]:
    """Those of *urns* that are agents or attachments, as the stack file names them: `agents.concierge`."""
    for urn in urns:
        _stack, _project, kind, name = urn.removeprefix("urn:pulumi:").split("::", maxsplit=3)
        section = _SECTIONS.get(kind.removeprefix(_TYPE)) if kind.startswith(_TYPE) else None
        if section:
            yield f"{section}.{name}"


def declared(settings: Settings) -> set[str]:
    sections = {
        "agents": settings.agents,
        "knowledgeBases": settings.knowledge_bases,
        "tools": settings.tools,
        "mcpServers": settings.mcp_servers,
        "guardrails": settings.guardrails,
        "templates": settings.templates,
    }
    return {f"{section}.{name}" for section, named in sections.items() for name in named}


def refusal(stack: str, lost: set[str], made: set[str], limit: int) -> str:
    lines = [
        f"stacks/Pulumi.{stack}.yaml: {len(lost)} of {len(made)} agents and attachments would leave the stack, and",
        f"`protection.maxDeletes` is {limit}; nothing was created or changed.",
    ]
    shown = [f"  {entry}" for entry in sorted(lost)[:_SHOWN]]
    if len(lost) > _SHOWN:
        shown.append(f"  and {len(lost) - _SHOWN} more")
    steps = [
        "  Put their entries back; a renamed entry counts as one that leaves. If they are to go, write",
        f"`maxDeletes: {len(lost)}` for this one change, where a reviewer sees it.",
    ]
    return "\n".join([" ".join(lines), *shown, " ".join(steps), f"  Then run `pulumi preview --stack {stack}`."])


def _recorded(settings: Settings) -> list[str]:
    """
    URNs of everything in the state, as the engine answers it (pulumi v3.259.0: pkg/resource/deploy/builtins.go).

    Empty for a stack that never ran. Their outputs come along, secrets in clear: only the URNs are kept.
    """
    name = f"{pulumi.get_organization()}/{settings.project}/{settings.stack}"
    try:
        answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name})
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower for a call that fails
        raise ProtectionError(
            f"`protection.maxDeletes` cannot be kept, since the state of {name} cannot be read: {error}\n"
            "  Nothing was created or changed. Make the backend reachable, or remove `maxDeletes` for this one run."
        ) from None
    return list(answer.value["outputs"])

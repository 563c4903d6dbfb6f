"""A resource as a policy sees it. Pure: what comes from Pulumi is turned into this in `registration`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

AGENT = "pulumi-python:dynamic/trugen:Agent"
ATTACHMENTS = tuple(
    f"pulumi-python:dynamic/trugen:{kind}" for kind in ("KnowledgeBase", "Tool", "McpServer", "Guardrail", "Template")
)
CONTAINER = "docker:index/container:Container"
IMAGE = "docker:index/remoteImage:RemoteImage"
VOLUME = "docker:index/volume:Volume"
ENGINE_PARENT = "trugen-llm:index:LlmServer"
GATEWAY_PARENT = "trugen-llm:index:Gateway"


class Unknown:
    """The value of a property that only the run will know."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Seen:
    """
    Args:
        type: Pulumi's type token.
        urn: Names the types of the parents, too.
        props: Inputs in plain values, secrets among them in clear; `UNKNOWN` for what is not known yet.
        protect: Pulumi's option of that name.
        provider: Inputs of its provider.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = False
    provider: Mapping[str, Any] = field(default_factory=dict)

    def within(self, parent: str) -> bool:
        """Whether a component of that type is among its parents."""
        parts = self.urn.split("::")
        types = parts[2].split("$") if len(parts) > 3 else []  # noqa: PLR2004 - urn, project, types, name
        return parent in types[:-1]

    def get(self, key: str) -> Any:
        return self.props.get(key)

    def words(self, key: str) -> Iterator[str]:
        """Texts of a list; nothing for what is not there, and of an entry that is no text."""
        yield from (one for one in items(self.get(key)) if isinstance(one, str))

    def objects(self, key: str) -> Iterator[Mapping[str, Any]]:
        """Objects of a list, as `words`."""
        yield from (one for one in items(self.get(key)) if isinstance(one, Mapping))

    def unknown(self, *keys: str) -> list[str]:
        """Those of *keys* of which at least a part is unknown."""
        return [key for key in keys if holds_unknown(self.get(key))]


def items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def holds_unknown(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(holds_unknown, value.values()))
    return isinstance(value, Unknown) or any(map(holds_unknown, items(value)))

"""Attachments in a stack file: their sections, who may refer to them by name, and what must hold around them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.attachments.document import Attachment
from components.attachments.guardrail import Guardrail
from components.attachments.knowledge_base import KnowledgeBase
from components.attachments.mcp_server import McpServer
from components.attachments.template import Template
from components.attachments.text import headers, is_credential
from components.attachments.tool import Tool
from components.stack.problems import Problem, near, unknown

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Section:
    """
    One optional section of a stack file.

    Args:
        listed_as: Under this key agents and templates list names of its entries; empty when nothing refers to them.
        name: The key of the name that `exactName` sends.
    """

    shape: type[Attachment]
    listed_as: str
    name: str = "name"
    has_headers: bool = False


SECTIONS = {
    "knowledgeBases": Section(KnowledgeBase, "knowledgeBase"),
    "tools": Section(Tool, "tool", has_headers=True),
    "mcpServers": Section(McpServer, "mcp", has_headers=True),
    "guardrails": Section(Guardrail, "guardrail"),
    "templates": Section(Template, "", name="templateName"),
}
WITH_HEADERS = [key for key, section in SECTIONS.items() if section.has_headers]

Raw = Mapping[str, Any]
Entries = Mapping[str, Mapping[str, Any]]


def references(users: Mapping[str, Raw], declared: Entries) -> Iterator[Problem]:
    """
    What stands in a list is the name of an entry, or an id of TruGen: refuse what looks like a slip of a name.

    Args:
        users: Agents and templates as written, by their path in the stack file.
        declared: Entries as written, by section.
    """
    for path, user in users.items():
        for key, section in SECTIONS.items():
            listed = user.get(section.listed_as)
            for text in listed if isinstance(listed, list) else []:
                if isinstance(text, str) and (reason := _slip(text, key, declared)):
                    yield Problem(f"{path}.{section.listed_as}", reason)


def _slip(text: str, key: str, declared: Entries) -> str | None:
    names = declared[key].keys()
    if text in names or _UUID.fullmatch(text):
        return None
    if other := next((one for one in SECTIONS if text in declared[one]), None):
        where = SECTIONS[other].listed_as
        return f"'{text}' stands under `{other}`; {f'list it as `{where}`' if where else 'agents have no such list'}"
    if similar := near(text, names):
        return f"no entry of `{key}` is named '{text}'; did you mean '{similar}'? (an id of TruGen needs no entry)"
    return None


def function_names(agents: Mapping[str, Raw], tools: Mapping[str, Tool]) -> Iterator[Problem]:
    """A model that is offered two functions of one name can call only one of them."""
    for agent, raw in agents.items():
        listed = raw.get("tool")
        owners = defaultdict(list)
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, str) and entry in tools:
                owners[tools[entry].name].append(entry)
        for function, entries in owners.items():
            if len(entries) > 1:
                both = " and ".join(f"'{entry}'" for entry in entries)
                yield Problem(f"agents.{agent}.tool", f"{both} are one function to the model, '{function}'; rename one")


def exact_names(key: str, entries: Mapping[str, Attachment]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    spelled = SECTIONS[key].name
    for name, entry in entries.items():
        remote = str(entry.to_props()["template_name" if spelled == "templateName" else "name"])
        if entry.exact_name and (first := owners.setdefault(remote, name)) != name:
            yield Problem(
                f"{key}.{name}.{spelled}", f"is also that of '{key}.{first}'; with `exactName` it must differ"
            )


def plain_credentials(key: str, entries: Raw) -> Iterator[Problem]:
    """Keys that stand in the file in clear; *entries* as written."""
    for name, raw in entries.items():
        written = raw.get("headers") if isinstance(raw, dict) else None
        for header, value in written.items() if isinstance(written, dict) else []:
            if is_credential(header, str(value)):
                command = f"pulumi config set --secret --path secretHeaders.{key}.{name}.{header}"
                yield Problem(
                    f"{key}.{name}.headers",
                    f"'{header}' lets somebody in and stands here in clear: it must count as disclosed. Remove it and"
                    f" store a new one encrypted: `{command}`",
                )


def secret_headers(given: Mapping[str, Any], declared: Entries) -> Iterator[Problem]:
    for key, by_name in given.items():
        if key not in WITH_HEADERS:
            yield Problem(f"secretHeaders.{key}", f"has no headers; {unknown(key, WITH_HEADERS)}")
            continue
        for name, by_header in by_name.items():
            path = f"secretHeaders.{key}.{name}"
            if name not in declared[key]:
                yield Problem(path, f"no entry of `{key}` has that name; {unknown(name, declared[key])}")
                continue
            written = declared[key][name].get("headers") if isinstance(declared[key][name], dict) else None
            both = {header.lower() for header in written or {}} & {header.lower() for header in by_header}
            if both:
                yield Problem(path, f"'{min(both)}' stands in the headers of '{key}.{name}' too; keep one")
            try:
                headers(by_header)
            except ValueError as error:
                yield Problem(path, str(error))


def documents(bases: Mapping[str, KnowledgeBase]) -> Iterator[Problem]:
    """Files are looked at here, so that nothing is made when one of them cannot be sent."""
    for name, base in bases.items():
        for title, document in base.documents.items():
            try:
                document.to_props()
            except ValueError as error:
                yield Problem(f"knowledgeBases.{name}.documents.{title}.file", str(error))

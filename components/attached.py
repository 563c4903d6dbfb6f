"""What a stack attaches to its agents: made before them, gone after them, referred to by name."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.agent.document import AgentDocument
from components.agent.resource import AllVerified
from components.attachments.document import Attachment
from components.attachments.resource import (
    TrugenAttachment,
    TrugenGuardrail,
    TrugenKnowledgeBase,
    TrugenMcpServer,
    TrugenTemplate,
    TrugenTool,
)
from components.attachments.template import Template
from components.stack.document import Settings


class Attachments:
    """
    The attachments of a stack, and one resource that fails the run when any of them is not as declared.

    Args:
        provider: The workspace; *local* runs the check.
    """

    outputs: dict[str, Any]
    """`{tools: {lookup: {id, status}}}`, without empty sections."""

    def __init__(self, settings: Settings, provider: pulumi.ProviderResource, local: pulumi.ProviderResource) -> None:
        def kept(entry: Attachment) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(provider=provider, protect=settings.protects(entry) or None)

        self._by_list: dict[str, Mapping[str, TrugenAttachment]] = {
            "knowledge_base": {
                n: TrugenKnowledgeBase(n, one, kept(one)) for n, one in settings.knowledge_bases.items()
            },
            "tool": {
                name: TrugenTool(name, one, kept(one), headers=settings.headers_of("tools", name))
                for name, one in settings.tools.items()
            },
            "mcp": {
                name: TrugenMcpServer(name, one, kept(one), headers=settings.headers_of("mcpServers", name))
                for name, one in settings.mcp_servers.items()
            },
            "guardrail": {name: TrugenGuardrail(name, one, kept(one)) for name, one in settings.guardrails.items()},
        }
        templates = {
            name: TrugenTemplate(name, one, kept(one), attached=self.ids_for(one))
            for name, one in settings.templates.items()
        }
        spelled = ("knowledgeBases", "tools", "mcpServers", "guardrails")
        sections = {**dict(zip(spelled, self._by_list.values(), strict=True)), "templates": templates}
        everything = {f"{key}.{name}": one for key, made in sections.items() for name, one in made.items()}
        if everything:
            AllVerified("attachments", everything, pulumi.ResourceOptions(provider=local))
        self.outputs = {
            key: {name: {"id": one.id, "status": one.status} for name, one in made.items()}
            for key, made in sections.items()
            if made
        }

    def ids_for(self, user: AgentDocument | Template) -> dict[str, list[pulumi.Input[str]]]:
        """For each list of *user* that holds a declared name: its ids, those of names known once they are made."""
        ids: dict[str, list[pulumi.Input[str]]] = {}
        for key, made in self._by_list.items():
            listed = getattr(user, key, None) or ()
            if made.keys() & set(listed):
                ids[key] = [made[entry].id if entry in made else entry for entry in listed]
        return ids

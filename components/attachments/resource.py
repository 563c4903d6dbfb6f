"""The resources a program declares: one class per kind of attachment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import Resource
from pulumi.resource import create_urn

from components.agent.resource import GONE_BEFORE_REPLACED
from components.attachments.document import Attachment
from components.attachments.guardrail import Guardrail
from components.attachments.knowledge_base import KnowledgeBase
from components.attachments.mcp_server import McpServer
from components.attachments.provider import (
    GuardrailProvider,
    KnowledgeBaseProvider,
    McpServerProvider,
    TemplateProvider,
    ToolProvider,
)
from components.attachments.template import Template
from components.attachments.tool import Tool
from components.lifecycle.identity import marker
from components.provider import ObjectProvider

Options = pulumi.ResourceOptions | None
Ids = Sequence[pulumi.Input[str]]


class TrugenAttachment(Resource):
    """
    One attachment; its id is the resource's id. Pass `provider=` with the workspace (`trugen:apiUrl`, `trugen:apiKey`).

    `status` is `verified` when TruGen shows what was declared, else `unverified` with a `status_reason`; that does not
    fail the run, since a failed create would forget the id: add them to an `AllVerified`.
    """

    status: pulumi.Output[str]
    status_reason: pulumi.Output[str]

    def __init__(
        self, name: str, provider: ObjectProvider, document: Attachment, inputs: Mapping[str, Any], opts: Options
    ) -> None:
        token = f"pulumi-python:{self._resource_type_name}"
        declared = {
            **document.to_props(),
            **inputs,
            "marker": marker(pulumi.get_project(), pulumi.get_stack(), name, kind=provider.kind.noun),
            "progress_urn": create_urn(name, token, opts.parent if opts else None),
        }
        secret = {key: pulumi.Output.secret(declared[key]) for key in provider.kind.secrets & declared.keys()}
        extra = pulumi.ResourceOptions.merge(
            GONE_BEFORE_REPLACED, pulumi.ResourceOptions(retain_on_delete=True if document.retain else None)
        )
        props = {**declared, **secret, "status": None, "status_reason": None}
        super().__init__(provider, name, props, pulumi.ResourceOptions.merge(opts, extra))


class TrugenKnowledgeBase(TrugenAttachment, module="trugen", name="KnowledgeBase"):
    def __init__(self, name: str, document: KnowledgeBase, opts: Options = None) -> None:
        documents = {key: one.to_props() for key, one in document.documents.items()}
        super().__init__(name, KnowledgeBaseProvider(), document, {"documents": documents}, opts)


class TrugenTool(TrugenAttachment, module="trugen", name="Tool"):
    """*headers* are laid over those of the document: the place for credentials."""

    def __init__(
        self, name: str, document: Tool, opts: Options = None, *, headers: Mapping[str, pulumi.Input[str]] | None = None
    ) -> None:
        super().__init__(name, ToolProvider(), document, {"headers": {**document.headers, **(headers or {})}}, opts)


class TrugenMcpServer(TrugenAttachment, module="trugen", name="McpServer"):
    """*headers* are laid over those of the document: the place for credentials."""

    def __init__(
        self,
        name: str,
        document: McpServer,
        opts: Options = None,
        *,
        headers: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> None:
        laid_over = {"headers": {**document.headers, **(headers or {})}}
        super().__init__(name, McpServerProvider(), document, laid_over, opts)


class TrugenGuardrail(TrugenAttachment, module="trugen", name="Guardrail"):
    def __init__(self, name: str, document: Guardrail, opts: Options = None) -> None:
        super().__init__(name, GuardrailProvider(), document, {}, opts)


class TrugenTemplate(TrugenAttachment, module="trugen", name="Template"):
    """*attached* replaces the lists of ids in the document: `{"guardrail": [guardrail.id]}`."""

    def __init__(
        self, name: str, document: Template, opts: Options = None, *, attached: Mapping[str, Ids] | None = None
    ) -> None:
        super().__init__(name, TemplateProvider(), document, attached or {}, opts)

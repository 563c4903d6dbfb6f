"""
The dynamic providers of attachments, one per kind.

This module's path and the names of the classes are state format (`__provider`): moving them needs an ADR and a shim.
"""

from __future__ import annotations

from components.attachments.guardrail import GUARDRAIL
from components.attachments.knowledge_base import KNOWLEDGE_BASE
from components.attachments.mcp_server import MCP_SERVER
from components.attachments.template import TEMPLATE
from components.attachments.tool import TOOL
from components.provider import ObjectProvider


class KnowledgeBaseProvider(ObjectProvider):
    kind = KNOWLEDGE_BASE


class ToolProvider(ObjectProvider):
    kind = TOOL


class McpServerProvider(ObjectProvider):
    kind = MCP_SERVER


class GuardrailProvider(ObjectProvider):
    kind = GUARDRAIL


class TemplateProvider(ObjectProvider):
    kind = TEMPLATE

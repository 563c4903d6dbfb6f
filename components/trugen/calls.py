"""Which calls each kind of object has (docs/contract). Facts only; objects.py makes the calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """
    The calls of one kind of object.

    Args:
        noun: For messages.
        path: POST here makes one; PUT, DELETE and (unless it is not readable) GET take `path/{id}`.
        list_path: GET here lists them.
        named_by: Member without which a document is not of this kind.
        paged: The list takes `search`, `offset` and `perpage` and counts in `X-Total-Count`; else it is one bare array.
        readable: False where only the list shows an object.
        wrapped_in: Member that holds the object on a read by id; what stands beside it is put into it.
        form: POST takes multipart/form-data instead of JSON.
        part: Below an object, POST here adds a part of its contents; below *path*, DELETE here takes a part's own id.
    """

    noun: str
    path: str
    list_path: str
    named_by: str
    paged: bool = False
    readable: bool = True
    wrapped_in: str = ""
    form: bool = False
    part: str = ""


AGENT_CALLS = Calls("agent", "/ext/agent", "/ext/agent", "agent_name", paged=True)
KNOWLEDGE_BASE_CALLS = Calls(
    "knowledge base", "/ext/kb", "/ext/kbs", "name", wrapped_in="knowledge_base", form=True, part="doc"
)
TOOL_CALLS = Calls("tool", "/ext/tool", "/ext/tool", "schema")
MCP_SERVER_CALLS = Calls("MCP server", "/ext/mcp", "/ext/mcp", "name")
GUARDRAIL_CALLS = Calls("guardrail", "/ext/guardrail", "/ext/guardrail", "name", readable=False)
TEMPLATE_CALLS = Calls("template", "/ext/template", "/ext/templates", "template_name")

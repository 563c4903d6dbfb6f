"""/ext/tool, /ext/mcp and /ext/guardrail (docs/contract)."""

import itertools
import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response

from components.sandbox.agent_models import NotEmpty, Uri
from components.sandbox.calls import Call, Integer, RefusedError, Wire
from components.sandbox.collection import Collection, ack, with_id
from components.sandbox.store import Json, Stored


class ToolFunction(Wire):
    type: Literal["function"]
    name: NotEmpty
    description: str = ""
    parameters: dict[str, Any]


class ToolFunctionCreate(ToolFunction):
    description: str


class ToolRequest(Wire):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str = ""
    headers: dict[str, str] = Field({})


class ToolRequestCreate(ToolRequest):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: str


class Message(Wire):
    message: str = ""


class DelayMessage(Message):
    delay: Annotated[Integer, Field(ge=0)] = 1


class ToolMessages(Wire):
    on_start: Message = Message()
    on_success: Message = Message()
    on_error: Message = Message()
    on_delay: DelayMessage = DelayMessage()


class ToolUpdate(Wire):
    type: Literal["tool.api", "tool.client"]
    function: ToolFunction = Field(alias="schema")
    request_config: ToolRequest
    event_messages: ToolMessages


class ToolCreate(ToolUpdate):
    function: ToolFunctionCreate = Field(alias="schema")
    request_config: ToolRequestCreate


class McpRequest(Wire):
    url: Uri
    headers: dict[str, str] = Field({})


class McpWrite(Wire):
    name: NotEmpty
    description: str
    type: Literal["shttp", "sse", "shttp/sse"]
    request_config: McpRequest


class GuardrailWrite(Wire):
    name: NotEmpty
    prompt: NotEmpty
    category: str = ""
    response_message: str = ""
    callback_url: Annotated[str, Field(pattern=r"^(https?://.+)?$")] = ""


TOOLS = Collection("tool", "Tool details", "Tool details not found", "type", with_id)
MCP_SERVERS = Collection("mcp", "MCP", "MCP not found", "name", with_id, missing_under="error")
GUARDRAILS = Collection("guardrail", "Guardrail", "Guardrail not found", "name", with_id)


def create_tool(call: Call) -> Response:
    document = _sent(call.parse(ToolCreate))
    tool = call.store.add("tool", document["schema"]["name"], document)
    if call.behaviour.tool_answer == "empty":
        return Response(status_code=201)
    return ack(tool.id, "Tool details created successfully", status=201)


def replace_tool(call: Call) -> Response:
    document = _sent(call.parse(ToolUpdate))
    return TOOLS.update(call, lambda _: document)


def create_mcp(call: Call) -> Response:
    """Part of the object comes back (docs/contract, McpServerCreated)."""
    document = _sent(call.parse(McpWrite))
    stored = call.store.add("mcp", document["name"], document)
    shown = {key: document[key] for key in ("name", "description", "type")}
    return JSONResponse({"id": stored.id, **shown, "created_at": stored.created_at})


def replace_mcp(call: Call) -> Response:
    document = _sent(call.parse(McpWrite))
    stored = MCP_SERVERS.change(call, lambda _: document)
    return JSONResponse({"id": stored.id, **document, "updated_at": stored.updated_at})


def delete_mcp(call: Call) -> Response:
    MCP_SERVERS.delete(call)
    return Response(status_code=204)


def create_guardrail(call: Call) -> Response:
    body = _guardrail(call)
    stored = call.store.add_with(
        "guardrail", body.name, lambda others: {"key": _free_key(body.name, others), **body.model_dump()}
    )
    return ack(stored.id, "Guardrail created", status=201)


def replace_guardrail(call: Call) -> Response:
    """Every client field is replaced; `key` never changes."""
    body = _guardrail(call)
    return GUARDRAILS.update(call, lambda old: {"key": old["key"], **body.model_dump()})


_GUARDRAIL_TEXTS = {
    "name": "name is required",
    "prompt": "prompt is required",
    "callback_url": "callback_url must be a valid http(s) URL",
}


def _guardrail(call: Call) -> GuardrailWrite:
    """Guardrail checks are the only ones whose texts are documented (TruGen, docs/agents/guardrails/creating)."""
    try:
        return call.validated(GuardrailWrite, call.json())
    except ValidationError as error:
        field = str(error.errors(include_input=False)[0]["loc"][0])
        raise RefusedError(400, {"error": _GUARDRAIL_TEXTS.get(field, f"Invalid request body: {field}")}) from None


def _free_key(name: str, others: list[Stored]) -> str:
    """Slug of *name*, with suffix _2, _3, ... when another guardrail has it."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "guardrail"
    taken = {other.document["key"] for other in others}
    candidates = (slug if n == 1 else f"{slug}_{n}" for n in itertools.count(1))
    return next(key for key in candidates if key not in taken)


def _sent(body: Wire) -> Json:
    return body.model_dump(by_alias=True, exclude_unset=True)

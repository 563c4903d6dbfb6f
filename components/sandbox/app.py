"""Routes, the credential check and the shell around every call."""

import hmac
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from components.sandbox import agents, attachments, catalog, knowledge_bases, templates
from components.sandbox.attachments import GUARDRAILS, MCP_SERVERS, TOOLS
from components.sandbox.behaviour import Behaviour
from components.sandbox.calls import Call, RefusedError
from components.sandbox.catalog import CUSTOM_AVATARS
from components.sandbox.collection import Handler
from components.sandbox.knowledge_bases import DOCUMENTS
from components.sandbox.lag import Lag
from components.sandbox.pace import Pace
from components.sandbox.say import say
from components.sandbox.store import Store
from components.sandbox.templates import TEMPLATES

_PUBLIC_AVATARS = "/v1/ext/avatars/"

ROUTES: dict[str, dict[str, Handler]] = {
    "/v1/ext/agent": {"GET": agents.page, "POST": agents.create},
    "/v1/ext/agent/{id}": {
        "GET": agents.read,
        "PUT": agents.replace,
        "PATCH": agents.merge,
        "DELETE": agents.delete,
    },
    "/v1/ext/agentbytemplate": {"POST": templates.create_agent},
    "/v1/ext/kb": {"POST": knowledge_bases.create},
    "/v1/ext/kbs": {"GET": knowledge_bases.list_all},
    "/v1/ext/kb/{id}": {
        "GET": knowledge_bases.read,
        "PUT": knowledge_bases.update,
        "DELETE": knowledge_bases.delete,
    },
    "/v1/ext/kb/{id}/doc": {"POST": knowledge_bases.add_document},
    "/v1/ext/kb/doc/{id}": {"DELETE": DOCUMENTS.delete},
    "/v1/ext/tool": {"GET": TOOLS.list, "POST": attachments.create_tool},
    "/v1/ext/tool/{id}": {"GET": TOOLS.read, "PUT": attachments.replace_tool, "DELETE": TOOLS.delete},
    "/v1/ext/mcp": {"GET": MCP_SERVERS.list, "POST": attachments.create_mcp},
    "/v1/ext/mcp/{id}": {
        "GET": MCP_SERVERS.read,
        "PUT": attachments.replace_mcp,
        "DELETE": attachments.delete_mcp,
    },
    "/v1/ext/guardrail": {"GET": GUARDRAILS.list, "POST": attachments.create_guardrail},
    "/v1/ext/guardrail/{id}": {"PUT": attachments.replace_guardrail, "DELETE": GUARDRAILS.delete},
    "/v1/ext/template": {"POST": templates.create},
    "/v1/ext/templates": {"GET": TEMPLATES.list},
    "/v1/ext/template/{id}": {"GET": TEMPLATES.read, "PUT": templates.replace, "DELETE": TEMPLATES.delete},
    "/v1/ext/avatars": {"GET": catalog.stock_avatars},
    _PUBLIC_AVATARS + "{id}": {"GET": catalog.public_avatar},
    "/v2/custom-avatar": {"POST": catalog.create_custom_avatar},
    "/v2/custom-avatar/{id}": {"GET": CUSTOM_AVATARS.read, "DELETE": CUSTOM_AVATARS.delete},
    "/v1/ext/providers": {"GET": catalog.providers},
    "/v1/conversation/{id}": {"DELETE": catalog.end_conversation},
    "/sandbox/agents/{id}/say": {"POST": say},
}


def create_app(store: Store, api_key: str, behaviour: Behaviour, authorities: Path | None = None) -> Starlette:
    """Build the API over *store*, with one valid key. *authorities*: see say.py."""
    lag = Lag(behaviour.lag_reads)

    def route(path: str, handlers: Mapping[str, Handler]) -> Route:
        async def endpoint(request: Request) -> Response:
            call = Call(
                store=store,
                behaviour=behaviour,
                lag=lag,
                authorities=authorities,
                path=request.path_params,
                query=request.query_params,
                content_type=request.headers.get("content-type", ""),
                body=await request.body(),
            )
            try:
                _refuse_malformed_id(call)
                return await run_in_threadpool(handlers[request.method], call)
            except RefusedError as error:
                return _refusal(error, behaviour)

        return Route(path, endpoint, methods=list(handlers))

    return Starlette(
        routes=[route(path, handlers) for path, handlers in ROUTES.items()],
        middleware=[Middleware(Pace, behaviour=behaviour), Middleware(_RequireKey, api_key=api_key)],
        exception_handlers={HTTPException: _http_error, Exception: _failed},
    )


def _refuse_malformed_id(call: Call) -> None:
    if call.behaviour.malformed_id == "400" and "id" in call.path:
        try:
            uuid.UUID(call.id)
        except ValueError:
            raise RefusedError(400, {"error": "Invalid id"}) from None


def _refusal(error: RefusedError, behaviour: Behaviour) -> Response:
    is_missing = error.status == HTTPStatus.NOT_FOUND and behaviour.missing_under != "message"
    body = {behaviour.missing_under: next(iter(error.body.values()))} if is_missing else error.body
    return JSONResponse(body, error.status)


class _RequireKey:
    """401 to every call without the key, known path or not; the public avatar of an agent needs none."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._api_key = api_key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = dict(scope["headers"]).get(b"x-api-key", b"")
        public = scope["method"] == "GET" and scope["path"].startswith(_PUBLIC_AVATARS)
        if public or hmac.compare_digest(sent, self._api_key):
            await self._app(scope, receive, send)
        else:
            refusal = JSONResponse({"error": "Unauthorized: not a valid authorization api key"}, 401)
            await refusal(scope, receive, send)


def _http_error(_: Request, error: Exception) -> Response:
    http = cast("HTTPException", error)
    return JSONResponse({"error": http.detail}, http.status_code, headers=http.headers)


def _failed(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "Failed to handle the request; the sandbox log has the reason"}, 500)

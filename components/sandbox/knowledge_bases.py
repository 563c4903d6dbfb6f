"""/ext/kb: knowledge bases and their documents (docs/contract). Contents are counted, not kept or indexed."""

from pathlib import PurePath

from starlette.responses import JSONResponse, Response

from components.sandbox.calls import Call, Wire, bad_request
from components.sandbox.collection import Collection, ack
from components.sandbox.multipart import Part, form
from components.sandbox.store import Json, Stored

_CONTENT = ("text", "input", "file")


class KnowledgeBaseUpdate(Wire):
    name: str = ""
    description: str = ""
    is_active: bool = True


def create(call: Call) -> Response:
    parts = form(call)
    missing = [key for key in ("name", "description") if key not in parts]
    if missing or not parts["name"].content:
        raise bad_request(f"{' and '.join(missing) or 'name'} required")
    is_active = parts.get("is_active", Part(b"true", "")).text
    if is_active not in {"true", "false"}:
        raise bad_request("is_active is neither true nor false")
    name = parts["name"].text
    document = {"name": name, "description": parts["description"].text, "is_active": is_active == "true"}
    stored = call.store.add("knowledge_base", name, document)
    _add_documents(call, stored.id, parts)
    return ack(stored.id, "Knowledge Base created successfully")


def read(call: Call) -> Response:
    """Wrapped: metadata and documents stand side by side."""
    stored = KNOWLEDGE_BASES.find(call)
    return JSONResponse({"knowledge_base": _metadata(call, stored), "documents": _documents(call, stored.id)})


def update(call: Call) -> Response:
    sent = call.parse(KnowledgeBaseUpdate).model_dump(exclude_unset=True)
    return KNOWLEDGE_BASES.update(call, lambda old: {**old, **sent})


def delete(call: Call) -> Response:
    answer = KNOWLEDGE_BASES.delete(call)
    for document in _documents(call, call.id):
        call.store.remove("document", document["id"])
    return answer


def add_document(call: Call) -> Response:
    KNOWLEDGE_BASES.find(call)
    parts = form(call)
    if not any(key in parts for key in _CONTENT):
        raise bad_request("text, input or file required")
    added = _add_documents(call, call.id, parts)
    return JSONResponse({"added": added, "message": "Content added successfully to existing Knowledge Base"})


def _add_documents(call: Call, knowledge_base_id: str, parts: dict[str, Part]) -> int:
    sent = [parts[key] for key in _CONTENT if key in parts and parts[key].content]
    for part in sent:
        name = part.filename or "text"
        document = {"name": name, "type": PurePath(part.filename).suffix or "text", "of": knowledge_base_id}
        call.store.add("document", name, document)
    return len(sent)


def _documents(call: Call, knowledge_base_id: str) -> list[Json]:
    return [
        {"id": stored.id, "name": stored.document["name"], "type": stored.document["type"]}
        for stored in call.store.all("document")
        if stored.document["of"] == knowledge_base_id
    ]


def _metadata(call: Call, stored: Stored) -> Json:
    count = len(_documents(call, stored.id))
    return {"id": stored.id, **stored.document, "no_of_rec": count, **stored.timestamps()}


def _listed(call: Call, stored: Stored) -> Json:
    return {**_metadata(call, stored), "documents": _documents(call, stored.id)}


KNOWLEDGE_BASES = Collection("knowledge_base", "Knowledge Base", "Knowledge Base not found", "name", _listed)
DOCUMENTS = Collection("document", "Document", "Document not found", "name", lambda _, stored: stored.document)

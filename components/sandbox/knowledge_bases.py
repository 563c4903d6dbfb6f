"""/ext/kb: knowledge bases and their documents (docs/contract). Contents are counted, not kept or indexed."""

from collections import defaultdict
from pathlib import PurePath

from starlette.responses import JSONResponse, Response

from components.sandbox.calls import Call, Wire, bad_request
from components.sandbox.collection import Collection, ack
from components.sandbox.multipart import Part, form
from components.sandbox.store import Json, Stored

_CONTENT = {"input": ("text", "input"), "file": ("text", "file"), "both": ("text", "input", "file")}


class KnowledgeBaseUpdate(Wire):
    name: str = ""
    description: str = ""
    is_active: bool = True


class KnowledgeBaseCreate(Wire):
    name: str
    description: str
    text: str = ""
    is_active: bool = True


def create(call: Call) -> Response:
    parts = _sent(call)
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


def _sent(call: Call) -> dict[str, Part]:
    """Members of a form or of a JSON object, whichever this sandbox takes."""
    is_json = call.content_type.lower().startswith("application/json")
    if call.behaviour.kb_media == "json" and not is_json:
        raise bad_request("not application/json")
    if call.behaviour.kb_media == "multipart" or not is_json:
        return form(call)
    body = call.parse(KnowledgeBaseCreate)
    is_active = str(body.is_active).lower()
    texts = {"name": body.name, "description": body.description, "text": body.text, "is_active": is_active}
    return {name: Part(text.encode(), "") for name, text in texts.items()}


def read(call: Call) -> Response:
    """Wrapped: metadata and documents stand side by side."""
    stored = KNOWLEDGE_BASES.find(call)
    documents = _documents(call, stored.id)
    return JSONResponse({"knowledge_base": _metadata(stored, documents), "documents": documents})


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
    wanted = _CONTENT[call.behaviour.kb_file_field]
    if not any(key in parts for key in wanted):
        raise bad_request(f"{', '.join(wanted[:-1])} or {wanted[-1]} required")
    added = _add_documents(call, call.id, parts)
    return JSONResponse({"added": added, "message": "Content added successfully to existing Knowledge Base"})


def _add_documents(call: Call, knowledge_base_id: str, parts: dict[str, Part]) -> int:
    sent = [parts[key] for key in _CONTENT[call.behaviour.kb_file_field] if key in parts and parts[key].content]
    for part in sent:
        name = part.filename or "text"
        document = {"name": name, "type": PurePath(part.filename).suffix or "text", "of": knowledge_base_id}
        call.store.add("document", name, document)
    return len(sent)


def list_all(call: Call) -> Response:
    """One look at all documents: one per knowledge base would make this quadratic."""
    documents = defaultdict[str, list[Json]](list)
    for stored in call.store.all("document"):
        documents[stored.document["of"]].append(_document(call, stored))
    found = call.store.all(KNOWLEDGE_BASES.kind)
    return JSONResponse([_listed(stored, documents[stored.id]) for stored in found])


def _documents(call: Call, knowledge_base_id: str) -> list[Json]:
    return [_document(call, stored) for stored in call.store.documents_of(knowledge_base_id)]


def _document(call: Call, stored: Stored) -> Json:
    """Contents are not indexed here, so a document is ready when it is there."""
    status = {"status": "ready"} if call.behaviour.kb_status == "shown" else {}
    return {"id": stored.id, "name": stored.document["name"], "type": stored.document["type"], **status}


def _metadata(stored: Stored, documents: list[Json]) -> Json:
    return {"id": stored.id, **stored.document, "no_of_rec": len(documents), **stored.timestamps()}


def _listed(stored: Stored, documents: list[Json]) -> Json:
    return {**_metadata(stored, documents), "documents": documents}


def _shown(call: Call, stored: Stored) -> Json:
    return _listed(stored, _documents(call, stored.id))


KNOWLEDGE_BASES = Collection("knowledge_base", "Knowledge Base", "Knowledge Base not found", "name", _shown)
DOCUMENTS = Collection("document", "Document", "Document not found", "name", lambda _, stored: stored.document)

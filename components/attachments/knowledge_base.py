"""A knowledge base, and the documents in it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from components.attachments import documents, files
from components.attachments.document import NOT_COMPARED, Attachment, Owned, inputs_of, policy
from components.attachments.text import Description, Label, NotEmpty
from components.lifecycle import checks
from components.lifecycle.kind import Kind
from components.lifecycle.place import Contents, Place
from components.trugen.calls import KNOWLEDGE_BASE_CALLS

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_SHA256 = r"^[0-9a-f]{64}$"


def _document_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("is no document name; use up to 30 lower-case letters, digits and '-', a letter first")
    return name


class Document(BaseModel):
    """A file, its path relative to the project or absolute; or a text, which is limited as a prompt is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    file: str | None = None
    text: NotEmpty | None = Field(None, repr=False)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.file is None) == (self.text is None):
            raise ValueError("needs either `file`, the path of a document, or `text`")
        return self

    def to_props(self) -> dict[str, str]:
        """With the hash of the content; reads the file. Raises: `ValueError`, as files.py."""
        data = self.text.encode() if self.text is not None else files.content(str(self.file))
        return {**self.model_dump(exclude_none=True), "sha256": files.sha256(data)}


class RecordedDocument(Document):
    sha256: str = Field(pattern=_SHA256)


DocumentName = Annotated[str, AfterValidator(_document_name)]


class _Described(Attachment):
    name: Label
    """With the marker behind it."""
    description: Description
    """Steers retrieval: what the documents answer."""
    is_active: bool = True


class KnowledgeBase(_Described):
    documents: Mapping[DocumentName, Document] = Field(default_factory=dict, repr=False)

    def to_props(self) -> dict[str, Any]:
        """Without what has to be read first: `documents` of the resource come from `Document.to_props`."""
        return {key: value for key, value in super().to_props().items() if key != "documents"}


class KnowledgeBaseInputs(_Described, Owned):
    documents: Mapping[DocumentName, RecordedDocument] = Field(default_factory=dict, repr=False)


KNOWLEDGE_BASE = Kind(
    noun="knowledge base",
    calls=KNOWLEDGE_BASE_CALLS,
    places={key: Place((key,)) for key in ("name", "description", "is_active")},
    inputs=inputs_of(KnowledgeBaseInputs),
    secrets=frozenset({"documents"}),
    label="name",
    exact_label="name",
    check=functools.partial(checks.checked, KnowledgeBaseInputs),
    not_compared=NOT_COMPARED,
    server_members=("id", "created_at", "updated_at", "no_of_rec", "documents"),
    policy=policy,
    contents=Contents("documents", documents.shown, documents.bring),
)

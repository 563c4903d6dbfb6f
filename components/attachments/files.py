"""The files behind documents of a knowledge base: which may be one, and what is in them now."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

_PROJECT = Path(__file__).resolve().parents[2]
# Documented per document (docs/agents/knowledge/uploading); over it the answer is 400.
MAX_BYTES = 10_000_000
# docs/contract, KnowledgeBaseDocumentForm; TruGen's spec, kb.post.
SUFFIXES = (".pdf", ".docx", ".doc", ".txt", ".pptx", ".png", ".jpg", ".jpeg", ".md", ".json")


def suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def located(path: str) -> Path:
    """Where a path of a stack file points to; relative ones start at the project root."""
    return _PROJECT / Path(path).expanduser()


def content(path: str) -> bytes:
    """
    What is in the file, after everything about it that can be wrong was checked.

    Raises:
        ValueError: it may not be used or read; the text says why and holds nothing of its content.
    """
    file = located(path).resolve()
    if not Path(path).expanduser().is_absolute() and not file.is_relative_to(_PROJECT):
        raise ValueError(f"'{path}' leads outside the project folder; write an absolute path, or keep it under docs/")
    if suffix(path) not in SUFFIXES:
        raise ValueError(f"'{path}' is none of the formats that TruGen takes: {' '.join(SUFFIXES)}")
    try:
        return _read(path, file)
    except OSError as error:
        raise ValueError(f"'{path}' cannot be read: {error.strerror}") from None


def _read(path: str, file: Path) -> bytes:
    if not file.exists():
        raise ValueError(f"'{path}' does not exist; create it, or write the document as `text`")
    if not file.is_file():
        raise ValueError(f"'{path}' is not a regular file")
    if not os.access(file, os.R_OK):
        raise ValueError(f"'{path}' may not be read by this user; `chmod u+r {path}`")
    if (size := file.stat().st_size) > MAX_BYTES:
        raise ValueError(f"'{path}' has {size:,} bytes; {MAX_BYTES:,} are the limit of a document")
    data = file.read_bytes()
    if not data.strip():
        raise ValueError(f"'{path}' is empty")
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

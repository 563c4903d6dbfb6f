"""Everything the sandbox knows, in one SQLite file."""

import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
Match = Literal["substring", "prefix", "exact"]
Kind = Literal["agent", "knowledge_base", "document", "tool", "mcp", "guardrail", "template", "custom_avatar"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq, name, id);
CREATE INDEX IF NOT EXISTS documents_by_knowledge_base ON objects (json_extract(document, '$.of'))
    WHERE kind = 'document';
"""
_SELECT = "SELECT id, document, created_at, updated_at FROM objects WHERE kind = ?"
_BY_ID = _SELECT + " AND id = ?"
_BY_KIND = _SELECT + " ORDER BY seq"
_DOCUMENTS_OF = (
    "SELECT id, document, created_at, updated_at FROM objects"
    " WHERE kind = 'document' AND json_extract(document, '$.of') = ? ORDER BY seq"
)
_NAMESAKE = "SELECT 1 FROM objects WHERE kind = ? AND name = ? AND id != ?"
_MATCHES: dict[Match, str] = {
    "substring": " AND (instr(lower(name), lower(?)) OR instr(id, lower(?)))",
    "prefix": " AND (instr(lower(name), lower(?)) = 1 OR instr(id, lower(?)) = 1)",
    "exact": " AND ? IN (lower(name), id, '')",
}


class NameTakenError(Exception):
    """Another object of the kind has that name."""


@dataclass(frozen=True)
class Stored:
    """One object; `document` is what the client sent with the defaults filled in. Times are RFC 3339, UTC."""

    id: str
    document: Json
    created_at: str
    updated_at: str

    def timestamps(self) -> Json:
        return {"created_at": self.created_at, "updated_at": self.updated_at}


class Store:
    """
    Objects by kind and id, oldest first. Any thread may call; other processes may read the file meanwhile (WAL).

    One connection behind a lock, because SQLite folds the log back whenever the last one is closed.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # Without a sync per write a power cut may cost the last agents, never the file; `up` then makes them again.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add(self, kind: Kind, name: str, document: Json, *, unique_name: bool = False) -> Stored:
        """Raises NameTakenError."""
        with self._transaction() as db:
            if unique_name:
                _refuse_namesake(db, kind, name, "")
            return _insert(db, kind, name, document)

    def add_with(self, kind: Kind, name: str, document_for: Callable[[list[Stored]], Json]) -> Stored:
        """Add a document computed from its siblings, with no other writer in between."""
        with self._transaction() as db:
            siblings = [_stored(row) for row in db.execute(_BY_KIND, (kind,))]
            return _insert(db, kind, name, document_for(siblings))

    def find(self, kind: Kind, id_: str) -> Stored | None:
        with self._transaction() as db:
            row = db.execute(_BY_ID, (kind, id_)).fetchone()
        return _stored(row) if row else None

    def all(self, kind: Kind) -> list[Stored]:
        with self._transaction() as db:
            return [_stored(row) for row in db.execute(_BY_KIND, (kind,))]

    def documents_of(self, knowledge_base_id: str) -> list[Stored]:
        with self._transaction() as db:
            return [_stored(row) for row in db.execute(_DOCUMENTS_OF, (knowledge_base_id,))]

    def page(self, kind: Kind, *, search: str, match: Match, offset: int, limit: int) -> tuple[list[Stored], int]:
        """Page of the objects whose name or id matches *search*, letter case aside, and how many match in all."""
        where = f"kind = ?{_MATCHES[match]}"
        texts = [search.lower()] if match == "exact" else [search, search]
        with self._transaction() as db:
            # The index holds what is searched, so only the rows of the page are read in full.
            seqs = f"SELECT seq FROM objects WHERE {where} ORDER BY seq LIMIT ? OFFSET ?"  # noqa: S608 - constants
            page = f"SELECT id, document, created_at, updated_at FROM objects WHERE seq IN ({seqs}) ORDER BY seq"  # noqa: S608 - constants
            rows = db.execute(page, (kind, *texts, limit, offset)).fetchall()
            count = f"SELECT count(*) FROM objects WHERE {where}"  # noqa: S608 - constants
            total: int = db.execute(count, (kind, *texts)).fetchone()[0]
        return [_stored(row) for row in rows], total

    def change(
        self, kind: Kind, id_: str, name_key: str, change: Callable[[Json], Json], *, unique_name: bool = False
    ) -> Stored | None:
        """
        Rewrite one document, read and written in one transaction; None when there is no such object.

        Args:
            name_key: member of the new document that `search` looks at.

        Raises:
            NameTakenError: *unique_name*, and another object has that name.
        """
        with self._transaction() as db:
            row = db.execute(_BY_ID, (kind, id_)).fetchone()
            if row is None:
                return None
            old = _stored(row)
            new = Stored(id_, change(old.document), old.created_at, _now())
            if unique_name:
                _refuse_namesake(db, kind, new.document[name_key], id_)
            db.execute(
                "UPDATE objects SET name = ?, updated_at = ?, document = ? WHERE id = ?",
                (new.document[name_key], new.updated_at, json.dumps(new.document), id_),
            )
        return new

    def remove(self, kind: Kind, id_: str) -> bool:
        with self._transaction() as db:
            return db.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, id_)).rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                yield self._db


def _insert(db: sqlite3.Connection, kind: Kind, name: str, document: Json) -> Stored:
    now = _now()
    new = Stored(str(uuid.uuid4()), document, now, now)
    db.execute(
        "INSERT INTO objects (kind, id, name, created_at, updated_at, document) VALUES (?, ?, ?, ?, ?, ?)",
        (kind, new.id, name, now, now, json.dumps(document)),
    )
    return new


def _refuse_namesake(db: sqlite3.Connection, kind: Kind, name: str, own_id: str) -> None:
    if db.execute(_NAMESAKE, (kind, name, own_id)).fetchone():
        raise NameTakenError


def _stored(row: tuple[str, str, str, str]) -> Stored:
    id_, document, created_at, updated_at = row
    return Stored(id_, json.loads(document), created_at, updated_at)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

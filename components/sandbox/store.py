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
)
"""
_SELECT = "SELECT id, document, created_at, updated_at FROM objects WHERE kind = ?"
_BY_ID = _SELECT + " AND id = ?"
_BY_KIND = _SELECT + " ORDER BY seq"
_PAGE = _SELECT + " AND (instr(lower(name), lower(?)) OR instr(id, lower(?))) ORDER BY seq LIMIT ? OFFSET ?"
_COUNT = "SELECT count(*) FROM objects WHERE kind = ? AND (instr(lower(name), lower(?)) OR instr(id, lower(?)))"


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
        self._db.execute(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add(self, kind: Kind, name: str, document: Json) -> Stored:
        return self.add_with(kind, name, lambda _: document)

    def add_with(self, kind: Kind, name: str, document_for: Callable[[list[Stored]], Json]) -> Stored:
        """Add a document computed from its siblings, with no other writer in between."""
        with self._transaction() as db:
            siblings = [_stored(row) for row in db.execute(_BY_KIND, (kind,))]
            now = _now()
            new = Stored(str(uuid.uuid4()), document_for(siblings), now, now)
            db.execute(
                "INSERT INTO objects (kind, id, name, created_at, updated_at, document) VALUES (?, ?, ?, ?, ?, ?)",
                (kind, new.id, name, now, now, json.dumps(new.document)),
            )
        return new

    def find(self, kind: Kind, id_: str) -> Stored | None:
        with self._transaction() as db:
            row = db.execute(_BY_ID, (kind, id_)).fetchone()
        return _stored(row) if row else None

    def all(self, kind: Kind) -> list[Stored]:
        return self.page(kind, search="", offset=0, limit=-1)[0]

    def page(self, kind: Kind, *, search: str, offset: int, limit: int) -> tuple[list[Stored], int]:
        """Page of the objects whose name or id contains *search*, letter case aside, and how many match in all."""
        match = (kind, search, search)
        with self._transaction() as db:
            rows = db.execute(_PAGE, (*match, limit, offset)).fetchall()
            total: int = db.execute(_COUNT, match).fetchone()[0]
        return [_stored(row) for row in rows], total

    def change(self, kind: Kind, id_: str, name_key: str, change: Callable[[Json], Json]) -> Stored | None:
        """
        Rewrite one document, read and written in one transaction; None when there is no such object.

        Args:
            name_key: member of the new document that `search` looks at.
        """
        with self._transaction() as db:
            row = db.execute(_BY_ID, (kind, id_)).fetchone()
            if row is None:
                return None
            old = _stored(row)
            new = Stored(id_, change(old.document), old.created_at, _now())
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


def _stored(row: tuple[str, str, str, str]) -> Stored:
    id_, document, created_at, updated_at = row
    return Stored(id_, json.loads(document), created_at, updated_at)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

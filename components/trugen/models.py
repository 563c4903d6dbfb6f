"""The few members that the client itself relies on. Everything else of an answer passes through untouched."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, StringConstraints

# Ids are opaque, but they become part of a path and of a command that we print.
ObjectId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class Identified(BaseModel):
    """Every object, and every answer to a POST: {id, ...} (docs/contract, Ack)."""

    id: ObjectId

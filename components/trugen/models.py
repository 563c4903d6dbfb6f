"""The few members that the client itself relies on. Everything else of an answer passes through untouched."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, StringConstraints, TypeAdapter

# Ids are opaque, but they become part of a path and of a command that we print.
AgentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class Ack(BaseModel):
    """Answer of POST, PUT and DELETE /ext/agent: {id, message} (docs/contract, Ack)."""

    id: AgentId


class ShownAgent(BaseModel):
    """GET /ext/agent/{id}, and one item of a page (docs/contract, Agent): what makes a document an agent."""

    id: AgentId
    agent_name: str


PAGE = TypeAdapter(list[ShownAgent])

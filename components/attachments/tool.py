"""A tool: a function that a model may call, and the HTTP request (or the page's own code) behind it."""

from __future__ import annotations

import functools
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from components.agent.parts import Part
from components.agent.text import CallbackUrl, Prose
from components.attachments.document import NOT_COMPARED, Attachment, Owned, inputs_of, policy
from components.attachments.json_schema import Parameters
from components.attachments.text import Description, FunctionName, Headers, credentials
from components.lifecycle import checks
from components.lifecycle.kind import Inputs, Kind
from components.lifecycle.place import Place
from components.trugen.calls import TOOL_CALLS


def _none() -> dict[str, JsonValue]:
    return {"type": "object", "properties": {}}


class ToolMessage(Part):
    message: Prose = ""


class DelayMessage(Part):
    """The contract does not say in which unit *delay* counts; TruGen's own sample is 1."""

    delay: int | None = Field(None, ge=0, le=86_400_000)
    message: Prose = ""


class ToolMessages(Part):
    """What the agent says around a call."""

    on_start: ToolMessage | None = None
    on_success: ToolMessage | None = None
    on_error: ToolMessage | None = None
    on_delay: DelayMessage | None = None


class Tool(Attachment):
    """`tool.api` is called by TruGen over HTTP, `tool.client` runs in the page."""

    name: FunctionName
    """What the model calls it; the marker stands at the end of the description."""
    description: Description
    """When to use it, for the model."""
    type: Literal["tool.api", "tool.client"] = "tool.api"
    parameters: Parameters = Field(default_factory=_none)
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: CallbackUrl = Field("", repr=False)
    headers: Headers = Field(default_factory=dict, repr=False)
    """Come back in clear on every read; in the state they are encrypted."""
    event_messages: ToolMessages = ToolMessages()

    @model_validator(mode="after")
    def _is_called_somewhere(self) -> Self:
        if self.type == "tool.api" and not self.url:
            raise ValueError("needs `url`: TruGen calls it over HTTP; a tool of the page says `type: tool.client`")
        if self.type == "tool.client" and (self.url or self.headers):
            raise ValueError("runs in the page (`type: tool.client`), which calls no `url` with `headers`; remove them")
        return self

    def to_props(self) -> dict[str, Any]:
        return {**super().to_props(), "schema_type": "function"}


class ToolInputs(Tool, Owned):
    schema_type: Literal["function"] = "function"


def _credentials(inputs: Inputs) -> list[str]:
    return credentials(inputs.get("headers"))


TOOL = Kind(
    noun="tool",
    calls=TOOL_CALLS,
    places={
        "type": Place(("type",)),
        "schema_type": Place(("schema.type",)),
        "name": Place(("schema.name",)),
        "description": Place(("schema.description",)),
        "parameters": Place(("schema.parameters",), atomic=True),
        "method": Place(("request_config.method",)),
        "url": Place(("request_config.url",)),
        "headers": Place(("request_config.headers",), atomic=True),
        "event_messages": Place(("event_messages",)),
    },
    inputs=inputs_of(ToolInputs),
    secrets=frozenset({"url", "headers"}),
    label="description",
    exact_label="name",
    check=functools.partial(checks.checked, ToolInputs, normalised=frozenset({"url"})),
    not_compared=NOT_COMPARED,
    policy=policy,
    credentials=_credentials,
)

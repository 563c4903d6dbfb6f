"""An MCP server: a set of tools that TruGen learns from the server itself."""

from __future__ import annotations

import functools
from typing import Literal

from pydantic import Field

from components.attachments.document import NOT_COMPARED, Attachment, Owned, inputs_of, policy
from components.attachments.text import Description, Headers, Label, RequiredUrl, credentials
from components.lifecycle import checks
from components.lifecycle.kind import Inputs, Kind
from components.lifecycle.place import Place
from components.trugen.calls import MCP_SERVER_CALLS


class McpServer(Attachment):
    name: Label
    """What models see; the marker stands at the end of the description."""
    description: Description
    type: Literal["shttp", "sse", "shttp/sse"] = "shttp"
    """The transport."""
    url: RequiredUrl = Field(repr=False)
    headers: Headers = Field(default_factory=dict, repr=False)
    """Come back in clear on every read; in the state they are encrypted."""


class McpServerInputs(McpServer, Owned):
    pass


def _credentials(inputs: Inputs) -> list[str]:
    return credentials(inputs.get("headers"))


MCP_SERVER = Kind(
    noun="MCP server",
    calls=MCP_SERVER_CALLS,
    places={
        "name": Place(("name",)),
        "description": Place(("description",)),
        "type": Place(("type",)),
        "url": Place(("request_config.url",)),
        "headers": Place(("request_config.headers",), atomic=True),
    },
    inputs=inputs_of(McpServerInputs),
    secrets=frozenset({"url", "headers"}),
    label="description",
    exact_label="name",
    check=functools.partial(checks.checked, McpServerInputs, normalised=frozenset({"url"})),
    not_compared=NOT_COMPARED,
    policy=policy,
    credentials=_credentials,
)

"""What the agents of an endpoint ask of its model, beyond a streamed answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Needs:
    """
    `tools` is true when an agent has tools, MCP servers or guardrails, and `vision` when it sends images.

    `system_prompt_bytes` is the length of the longest system prompt in UTF-8; 0 leaves the context window unjudged.
    """

    tools: bool = False
    vision: bool = False
    system_prompt_bytes: int = 0

"""An LLM that TruGen serves itself, with what a program asks of an `LlmEndpoint`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.llm.document import TrugenLlm


class PlatformModel:
    """Nothing is deployed and nothing can be probed, so an agent is pointed at it without waiting for a proof."""

    agent_url = None
    token = None
    form = None

    def __init__(self, args: TrugenLlm) -> None:
        self.provider = args.provider
        self.model = args.model
        self.outputs: dict[str, Any] = {"model": args.model, "engine": args.engine, "provider": args.provider}

    def retire_former(self, after: Sequence[pulumi.Resource]) -> None:
        """There is nothing of ours to close."""

"""The inputs of the agent resource and their check. `CheckFailure`s come from here, one per property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict

from components.agent.document import AgentDocument
from components.agent.text import LlmUrl, ModelName, ObjectId, Token
from components.lifecycle import checks
from components.lifecycle.checks import Failure

SECRET_INPUTS = frozenset(
    {
        "llm_token",
        "persona_prompt",
        "agent_system_prompt",
        "conversational_context",
        "memory",
        "callback_url",
        "integration",
        "add_on",
        "vision",
    }
)
"""Hold a token, a prompt, or what the contract leaves open and may hold one (a callback URL carries its own secret)."""


class AgentInputs(AgentDocument):
    """The document, the LLM it points at, and the marker that says whose agent it is."""

    model_config = ConfigDict(loc_by_alias=False)

    llm_provider: Literal["custom"] = "custom"
    llm_url: LlmUrl
    llm_model: ModelName
    llm_token: Token
    marker: ObjectId
    progress_urn: str = ""


NORMALISED = frozenset({"llm_url", "callback_url"})
NOT_COMPARED = frozenset({"progress_urn", "on_name_conflict", "adopt_agent_id"})
INPUTS = frozenset(AgentInputs.model_fields)


def checked(news: Mapping[str, Any], *, public: bool) -> tuple[dict[str, Any], list[Failure]]:
    return checks.checked(AgentInputs, news, public=public, normalised=NORMALISED, unnamed=frozenset({"llm_url"}))

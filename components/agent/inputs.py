"""The inputs of the agent resource and their check. `CheckFailure`s come from here, one per property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from components.agent.document import AgentDocument
from components.agent.text import LlmUrl, ModelName, Name, ObjectId, Token
from components.lifecycle import checks
from components.lifecycle.checks import Failure
from components.lifecycle.values import UNKNOWN

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

CUSTOM = "custom"
"""The provider of an LLM outside of TruGen."""


class AgentInputs(AgentDocument):
    """The document, the LLM it points at, and the marker that says whose agent it is."""

    model_config = ConfigDict(loc_by_alias=False)

    llm_provider: Name = CUSTOM
    llm_url: LlmUrl | None = Field(None, validate_default=True)
    llm_model: ModelName
    llm_token: Token | None = Field(None, validate_default=True)
    marker: ObjectId
    progress_urn: str = ""

    @field_validator("llm_url", "llm_token")
    @classmethod
    def _goes_with_the_provider(cls, value: str | None, info: ValidationInfo) -> str | None:
        provider = info.data.get("llm_provider", UNKNOWN)
        if provider == CUSTOM and value is None:
            raise ValueError("is missing: an LLM outside of TruGen (`custom`) is called by URL and token")
        if provider not in {CUSTOM, UNKNOWN} and value is not None:
            raise ValueError(f"is given, but TruGen serves the models of {provider!r} itself; only `custom` takes it")
        return value


NORMALISED = frozenset({"llm_url", "callback_url"})
NOT_COMPARED = frozenset({"progress_urn", "on_name_conflict", "adopt_agent_id"})
INPUTS = frozenset(AgentInputs.model_fields)


def checked(news: Mapping[str, Any], *, public: bool) -> tuple[dict[str, Any], list[Failure]]:
    return checks.checked(AgentInputs, news, public=public, normalised=NORMALISED, unnamed=frozenset({"llm_url"}))

"""The inputs of the agent resource and their check. `CheckFailure`s come from here, one per property."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from components.agent.document import AgentDocument
from components.agent.text import LlmUrl, ModelName, Name, ObjectId, Token
from components.lifecycle.drift import DRIFT
from components.lifecycle.kind import PROVIDER, UNSETTLED
from components.lifecycle.values import UNKNOWN, holds_unknown

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


OUTPUTS = frozenset({"status", "status_reason", UNSETTLED})


@dataclass(frozen=True)
class Failure:
    property: str
    reason: str


def checked(news: Mapping[str, Any], *, public: bool) -> tuple[dict[str, Any], list[Failure]]:
    """
    Return the inputs to go on with, and everything wrong with them that can be said without I/O. Unknowns pass.

    Args:
        public: The agent lives in TruGen's cloud, so its URLs must be reachable from the internet.
    """
    given = {key: value for key, value in news.items() if key not in {PROVIDER, DRIFT, *OUTPUTS} and value is not None}
    try:
        valid = AgentInputs.model_validate(given, by_alias=True, by_name=True, context={"public": public})
    except ValidationError as error:
        return given, [
            _failure(item["loc"], item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_url=False, include_context=False, include_input=False)
            if not _unknown_on_the_way(given, item["loc"])
        ]
    return {**given, **{key: getattr(valid, key) for key in NORMALISED & given.keys()}}, []


def _failure(loc: tuple[int | str, ...], reason: str) -> Failure:
    """The engine prints the value beside the property's name, unless that value is a secret: a URL is none to it."""
    path = ".".join(map(str, loc))
    return Failure("", f"{path} {reason}") if path == "llm_url" else Failure(path, reason)


def _unknown_on_the_way(value: Any, loc: tuple[int | str, ...]) -> bool:
    for step in loc:
        if value == UNKNOWN:
            return True
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    return holds_unknown(value)

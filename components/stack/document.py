"""The shape of a stack: everything `settings.load` returns, immutable. Defaults stand at the fields."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from components.agent.document import AgentDocument
from components.attachments.document import Attachment
from components.attachments.guardrail import Guardrail
from components.attachments.knowledge_base import KnowledgeBase
from components.attachments.mcp_server import McpServer
from components.attachments.template import Template
from components.attachments.tool import Tool
from components.llm.declared import Declared, Url, spelled
from components.llm.document import Llm
from components.llm.llm_secrets import Secrets

# Names end up in URNs and in Docker names, which allow no more.
Name = Annotated[
    str, spelled(re.compile(r"[a-z][a-z0-9-]{0,29}"), "use up to 30 lower-case letters, digits and '-', a letter first")
]


class AgentSettings(AgentDocument):
    """An agent and the LLM it talks through; `personaPromptFile` may stand in for `personaPrompt`."""

    llm: str
    retain: bool = False
    """True leaves the agent in TruGen when it leaves the stack or the stack is destroyed."""
    protect: bool | None = None
    """Overrides `protection.protect` for this agent."""


class Protection(Declared):
    """What must not go by mistake: nothing unless said (docs/protection.md)."""

    protect: bool = False
    """Pulumi refuses to delete or replace agents and attachments, and to destroy the stack."""
    max_deletes: Annotated[int, Field(ge=0)] | None = None
    """A run that would lose more agents and attachments than this is refused before it begins; None sets no limit."""


class SandboxSettings(Declared):
    """The local stand-in for TruGen: no account, nothing leaves this machine."""

    port: Annotated[int, Field(ge=1024, le=65535)] = 8788
    reveal_llm: bool = False
    placement: Literal["nested", "flat"] = "nested"


class TrugenSettings(Declared):
    """
    Which TruGen: the real one at `apiUrl`, or the sandbox.

    `caBundle` is a file of CA certificates to trust instead of the usual ones, for a proxy that opens TLS.
    `maxCallsPerS` spaces the calls of a run; TruGen documents no limit, and without one only its 429s slow a run down.
    """

    api_url: Url | None = None
    max_calls_per_s: Annotated[float, Field(gt=0, le=1000)] | None = None
    ca_bundle: str | None = None
    sandbox: SandboxSettings | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.api_url is None) == (self.sandbox is None):
            raise ValueError(
                "say either `apiUrl: https://api.trugen.ai/v1` for the real TruGen or `sandbox: {}` for the local one"
            )
        return self


class Settings(Declared):
    """One stack. Secrets are the last six and stand in no other place."""

    project: str
    stack: str
    llms: Mapping[Name, Llm]
    agents: Mapping[Name, AgentSettings]
    trugen: TrugenSettings
    knowledge_bases: Mapping[Name, KnowledgeBase] = Field(default_factory=dict)
    tools: Mapping[Name, Tool] = Field(default_factory=dict)
    mcp_servers: Mapping[Name, McpServer] = Field(default_factory=dict)
    guardrails: Mapping[Name, Guardrail] = Field(default_factory=dict)
    templates: Mapping[Name, Template] = Field(default_factory=dict)
    protection: Protection = Protection()
    trugen_api_key: SecretStr | None = None
    llm_tokens: Mapping[str, SecretStr] = Field(default_factory=dict)
    hub_tokens: Mapping[str, SecretStr] = Field(default_factory=dict)
    tunnel_tokens: Mapping[str, SecretStr] = Field(default_factory=dict)
    provider_keys: Mapping[str, SecretStr] = Field(default_factory=dict)
    secret_headers: Mapping[str, Mapping[str, Mapping[str, SecretStr]]] = Field(default_factory=dict)

    def secrets_of(self, llm: str) -> Secrets:
        """What was stored encrypted for *llm*, in clear."""
        return Secrets(
            token=_clear(self.llm_tokens.get(llm)),
            hub_token=_clear(self.hub_tokens.get(llm)),
            tunnel_token=_clear(self.tunnel_tokens.get(llm)),
            provider_key=_clear(self.provider_keys.get(llm)),
        )

    def protects(self, entry: AgentSettings | Attachment) -> bool:
        return self.protection.protect if entry.protect is None else entry.protect

    def headers_of(self, section: str, name: str) -> dict[str, str]:
        """The headers stored encrypted for the entry *name* of *section* (`tools`, `mcpServers`), in clear."""
        stored = self.secret_headers.get(section, {}).get(name, {})
        return {header: value.get_secret_value() for header, value in stored.items()}


def _clear(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None

"""What an LLM needs to know that nobody else may."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.llm.document import AnthropicLlm, SelfHosted
from components.llm.engines import LITELLM_CONFIG
from components.llm.litellm_config import litellm_config

# Where every client of the Hugging Face hub looks: `$HF_HOME/token`, and our engines' HF_HOME is their volume.
_HUB_TOKEN_FILE = "token"  # noqa: S105 - the name of a file, not its content


@dataclass(frozen=True, repr=False)
class Secrets:
    """
    *token* is the one the endpoint's gateway or provider expects. Without one it is generated, since TruGen demands a
    token even for an open server. *hub_token* reads a private repository; *provider_key* pays for a proxied model;
    *tunnel_token* opens the tunnel in front of the gateway.
    """

    token: str | None = None
    hub_token: str | None = None
    provider_key: str | None = None
    tunnel_token: str | None = None


def engine_files(args: SelfHosted, secrets: Secrets, engine_key: str = "") -> Mapping[str, str]:
    """
    Secret files of the engine's volume, contents by name.

    *engine_key* is what the gateway shows to an engine that can demand a key without showing it to everybody. It is
    made once, so that what makes one engine differ from another can be told without it.
    """
    if isinstance(args, AnthropicLlm) and secrets.provider_key:
        return {LITELLM_CONFIG: litellm_config(args, engine_key, secrets.provider_key)}
    return {_HUB_TOKEN_FILE: secrets.hub_token} if secrets.hub_token else {}

"""Which of an LLM's secrets its engine may read."""

from components.llm.document import AnthropicLlm, OllamaLlm
from components.llm.engines import LITELLM_CONFIG
from components.llm.llm_secrets import Secrets, engine_files

EVERYTHING = Secrets(
    token="canary-token", hub_token="canary-hub", provider_key="sk-canary-provider", tunnel_token="canary-tunnel"
)
OLLAMA = OllamaLlm(engine="ollama", model="smollm2:135m")
PROXY = AnthropicLlm(engine="anthropic", model="claude-sonnet-4-5")


def test_an_engine_reads_the_token_of_the_hub_and_nothing_else() -> None:
    assert {"token": "canary-hub"} == engine_files(OLLAMA, EVERYTHING)


def test_a_proxy_reads_the_key_of_its_provider_and_nothing_else() -> None:
    [(name, content)] = engine_files(PROXY, EVERYTHING).items()

    assert LITELLM_CONFIG == name
    assert ["sk-canary-provider"] == [secret for secret in vars(EVERYTHING).values() if secret in content]


def test_an_engine_that_needs_no_secret_has_no_file() -> None:
    assert {} == engine_files(OLLAMA, Secrets(token="canary-token", tunnel_token="canary-tunnel"))


def test_secrets_do_not_print() -> None:
    assert "canary" not in f"{EVERYTHING!r}{EVERYTHING}"

"""A stack file from a few answers: text that fits its schema, and the commands that come after it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.cli.adopted_stack import free_name
from components.cli.yaml_text import comment_lines, mapping_lines
from components.llm.providers import PROVIDERS

PROJECT = "trugen-llm"
CLOUD = {"apiUrl": "https://api.trugen.ai/v1"}
HUB_ENGINES = ("vllm", "sglang", "tgi")
SELF_HOSTED = ("ollama", "llama.cpp", *HUB_ENGINES, "anthropic")
ENGINES = {
    "ollama": "a small model on this machine, pulled by name",
    "llama.cpp": "a GGUF file of this machine",
    "vllm": "weights of the Hugging Face hub, or a folder, on a GPU",
    "sglang": "the same, by SGLang",
    "tgi": "the same, by TGI, which is in maintenance mode",
    "hosted": "an OpenAI-compatible API of somebody else",
    "anthropic": "Anthropic's API, through a proxy on this machine",
    "trugen": "a model that TruGen serves itself",
}
LLM = "main"


@dataclass(frozen=True)
class Answers:
    """
    What a person said; None for what the other answers make needless.

    Args:
        weights: A GGUF file, a folder, or `owner/name@commit`.
        llm_url: URL of an API, or a provider's name.
        gpu: As the stack file spells it.
        agent: The name that people see.
        prompt: Text, unless `prompt_file`, or the shared defaults, have it.
        port: The first of three: the gateway's, the sandbox's, the private one.
    """

    name: str
    engine: str
    model: str
    agent: str
    sandbox: bool
    port: int
    weights: str | None = None
    llm_url: str | None = None
    provider: str | None = None
    gpu: str | None = None
    hostname: str | None = None
    acme_email: str | None = None
    public_url: str | None = None
    prompt: str | None = None
    prompt_file: str | None = None


def agent_entry(agent: str) -> str:
    """What *agent*, the name that people see, is called in the file."""
    return free_name(agent, "agent", ())


def sections(answers: Answers) -> dict[str, Any]:
    agent = {"llm": LLM, "agentName": answers.agent}
    if answers.prompt_file is not None:
        agent["personaPromptFile"] = answers.prompt_file
    elif answers.prompt is not None:
        agent["personaPrompt"] = answers.prompt
    return {
        "llms": {LLM: _llm(answers)},
        "agents": {agent_entry(answers.agent): agent},
        "trugen": {"sandbox": {"port": answers.port + 1}} if answers.sandbox else CLOUD,
    }


def _llm(answers: Answers) -> dict[str, Any]:
    entry: dict[str, Any] = {"engine": answers.engine}
    if answers.engine == "hosted":
        preset = answers.llm_url in PROVIDERS
        entry["provider" if preset else "baseUrl"] = answers.llm_url
    if answers.engine == "trugen":
        entry["provider"] = answers.provider
    entry["model"] = answers.model
    if answers.engine == "llama.cpp":
        entry["gguf"] = answers.weights
    if answers.engine in HUB_ENGINES:
        entry["weights"] = _weights(str(answers.weights))
    if answers.engine in SELF_HOSTED:
        entry |= _door(answers)
    return entry


def _weights(text: str) -> dict[str, str]:
    repository, at, revision = text.rpartition("@")
    return {"repository": repository, "revision": revision} if at else {"directory": text}


def _door(answers: Answers) -> dict[str, Any]:
    """How the LLM is reached, and what it computes on."""
    own_certificate = answers.hostname is not None
    door: dict[str, Any] = {"port": 443 if own_certificate else answers.port, "privatePort": answers.port + 2}
    if own_certificate:
        door["gateway"] = {"tls": {"hostname": answers.hostname, "acmeEmail": answers.acme_email}}
    if answers.public_url is not None:
        door["publicUrl"] = answers.public_url
    return {**({"gpu": answers.gpu} if answers.gpu else {}), **door}


def secrets(answers: Answers) -> dict[str, str]:
    """What has to be stored encrypted before the first run: by its path, what it is."""
    needed = {} if answers.sandbox else {"trugenApiKey": "the key of app.trugen.ai > Developers"}
    if answers.engine == "hosted":
        needed[f"llmTokens.{LLM}"] = "the key of the API"
    if answers.engine == "anthropic":
        needed[f"providerKeys.{LLM}"] = "the key of Anthropic's API"
    return needed


def commands(answers: Answers) -> Iterator[str]:
    """What to type next, in order."""
    yield f'eval "$(make env STACK={answers.name})"'
    yield f"pulumi stack init {answers.name}   # asks for a passphrase of your own"
    for path, what in secrets(answers).items():
        plain = "--path " if "." in path else ""
        yield f"pulumi config set --secret {plain}{path} --stack {answers.name}   # asks for {what}"
    yield f"make preview STACK={answers.name}"
    yield f"make up STACK={answers.name}"


def text(answers: Answers) -> str:
    lines = ["# yaml-language-server: $schema=schema/stack.schema.json", "#"]
    for line in (
        _head(answers),
        "Every key, what shared.yaml lends, and the way to production: docs/stacks.md",
        "Once:",
    ):
        lines += comment_lines(line, "")
    lines += [f"#   {command}" for command in commands(answers)]
    lines.append("config:")
    for section, values in sections(answers).items():
        lines.append(f"  {PROJECT}:{section}:")
        lines += _remarks(answers, section)
        lines += mapping_lines(values, "    ")
    return "\n".join(lines) + "\n"


def _head(answers: Answers) -> str:
    where = "the sandbox of this machine" if answers.sandbox else "the real TruGen"
    return f"{answers.agent} on {answers.model} ({ENGINES[answers.engine]}), in {where}."


def _remarks(answers: Answers, section: str) -> Iterator[str]:
    texts: Mapping[str, str] = {
        "llms": "Further keys, like `ready` for what the endpoint has to prove: docs/engines.md, docs/hosted-llms.md.",
        "agents": "What is not said here comes from shared.yaml, when it has an agent of that name.",
        "trugen": "`sandbox: {}` is the stand-in on this machine, `apiUrl: https://api.trugen.ai/v1` the real one.",
    }
    yield from comment_lines(texts[section], "    ")
    if section == "llms" and answers.engine in SELF_HOSTED:
        yield from comment_lines("`port` is the gateway's, which asks for a token; the engine itself has none.", "    ")

"""What must hold between the sections of a stack."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from components.llm.document import AnthropicLlm, HostedLlm, Llm, SelfHosted, TrugenLlm
from components.llm.gateway.tunnel import CONNECTORS
from components.llm.hub import HubLlm, ParsedLlm
from components.stack import needs
from components.stack.document import AgentSettings, TrugenSettings
from components.stack.problems import Problem, unknown

# Gateways match bearer tokens by pattern and headers take ASCII only, so `*`, quotes and line ends have no place here.
_GATEWAY_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,512}")
_HEADER_VALUE = re.compile(r"[!-~]{8,4096}")
_PLACEHOLDER = re.compile(r"change.?me|your[-_ ].*|<.*>|xxx+|todo|placeholder", re.IGNORECASE)
_JWT = "eyJ"  # '{"' in base64, with which every JSON web token begins

Llms = Mapping[str, Llm]
Agents = Mapping[str, AgentSettings]
Tokens = Mapping[str, str]


def references(llm_of: Mapping[str, str], declared: set[str]) -> Iterator[Problem]:
    """*llm_of* holds, for each agent, the name of the LLM it talks through."""
    for agent, llm in llm_of.items():
        if llm not in declared:
            yield Problem(f"agents.{agent}.llm", f"no LLM is named '{llm}'; {unknown(llm, declared)}")


def exact_names(agents: Agents) -> Iterator[Problem]:
    """TruGen allows equal names; without our marker in them, or an id to adopt, nobody could tell the agents apart."""
    owners = defaultdict(list)
    for name, agent in agents.items():
        if agent.exact_name:
            owners[agent.agent_name].append(name)
    for shared in owners.values():
        if all(agents[name].adopt_agent_id for name in shared):
            continue
        for name in shared[1:]:
            yield Problem(
                f"agents.{name}.agentName", f"is also the name of 'agents.{shared[0]}'; with `exactName` it must differ"
            )


def adopted_once(agents: Agents) -> Iterator[Problem]:
    """Two entries for one agent would overwrite each other in every run."""
    owner: dict[str, str] = {}
    for name, agent in agents.items():
        id_ = agent.adopt_agent_id
        if id_ is not None and (other := owner.setdefault(id_, name)) != name:
            yield Problem(f"agents.{name}.adoptAgentId", f"'{id_}' is adopted by 'agents.{other}' already")


def ports(llms: Llms, trugen: TrugenSettings | None) -> Iterator[Problem]:
    """Chosen ports first: a private one that nobody chose is the one to move."""
    owner: dict[int, str] = {}
    if trugen and trugen.sandbox:
        owner[trugen.sandbox.port] = "trugen.sandbox.port"
    settled = {}
    for name, llm in llms.items():
        if isinstance(llm, SelfHosted):
            if (other := owner.setdefault(llm.port, key := f"llms.{name}.port")) == key:
                settled[name] = llm
            else:
                yield Problem(key, f"{llm.port} is taken by '{other}'; choose another")
    for name, llm in settled.items():
        if (other := owner.setdefault(llm.private_port, key := f"llms.{name}.privatePort")) != key:
            default = "" if llm.given_private_port else ", the one after `port`,"
            yield Problem(key, f"{llm.private_port}{default} is taken by '{other}'; choose another")


def api_key(key: str | None, trugen: TrugenSettings, *, from_environment: bool) -> Iterator[Problem]:
    if trugen.sandbox is not None:
        if key is not None:
            yield Problem(
                "trugenApiKey",
                "stands in a stack with a sandbox, which must never see a real key:"
                " `pulumi config rm trugenApiKey`, or replace `trugen.sandbox` by `trugen.apiUrl`",
            )
    elif key is None and not from_environment:
        yield Problem(
            "trugenApiKey",
            "is missing: `pulumi config set --secret trugenApiKey` (asks for the key, from app.trugen.ai > Developers),"
            " or set TRUGEN_API_KEY",
        )
    elif key is not None and (fault := _header_fault(key)):
        yield Problem("trugenApiKey", f"{fault}: `pulumi config set --secret trugenApiKey` stores another")


def tokens(given: Tokens, llms: Llms, declared: set[str]) -> Iterator[Problem]:
    yield from _of_no_llm("llmTokens", given, declared)
    for name, llm in llms.items():
        command = f"`pulumi config set --secret --path llmTokens.{name}`"
        token = given.get(name)
        if token is None:
            if isinstance(llm, HostedLlm):
                yield Problem(f"llmTokens.{name}", f"is missing, the key of {llm.url}: {command}")
        elif isinstance(llm, TrugenLlm):
            remove = f"`pulumi config rm --path llmTokens.{name}`"
            yield Problem(f"llmTokens.{name}", f"has no use: TruGen serves this model itself: {remove}")
        elif isinstance(llm, SelfHosted) and not _GATEWAY_TOKEN.fullmatch(token):
            yield Problem(f"llmTokens.{name}", f"needs 32 to 512 letters, digits, '-' or '_': {command}")
        elif isinstance(llm, HostedLlm) and llm.provider == "azure" and token.startswith(_JWT):
            yield Problem(
                f"llmTokens.{name}",
                f"is a token of Entra, which expires within hours; store a key of the resource: {command}",
            )
        elif fault := _header_fault(token):
            yield Problem(f"llmTokens.{name}", f"{fault}: {command}")


def hub_tokens(given: Tokens, llms: Llms, declared: set[str]) -> Iterator[Problem]:
    yield from _of_no_llm("hubTokens", given, declared)
    for name in given.keys() & declared:
        llm, token = llms.get(name), given[name]
        if llm is not None and not (isinstance(llm, HubLlm) and llm.weights.repository):
            remove = f"`pulumi config rm --path hubTokens.{name}`"
            yield Problem(f"hubTokens.{name}", f"has no use: this LLM reads no repository of the hub: {remove}")
        elif fault := _header_fault(token):
            yield Problem(f"hubTokens.{name}", f"{fault}: `pulumi config set --secret --path hubTokens.{name}`")


def tunnel_tokens(given: Tokens, llms: Llms, declared: set[str]) -> Iterator[Problem]:
    """What a tunnel shows to its vendor."""
    yield from _of_no_llm("tunnelTokens", given, declared)
    for name, llm in llms.items():
        tunnel = llm.gateway.tunnel if isinstance(llm, SelfHosted) else None
        token = given.get(name)
        command = f"`pulumi config set --secret --path tunnelTokens.{name}`"
        if tunnel is None:
            if token is not None:
                remove = f"`pulumi config rm --path tunnelTokens.{name}`"
                yield Problem(f"tunnelTokens.{name}", f"has no use: this LLM has no `gateway.tunnel`: {remove}")
        elif token is None:
            yield Problem(f"tunnelTokens.{name}", f"is missing, the token of {tunnel.kind}: {command}")
        elif _PLACEHOLDER.fullmatch(token):
            yield Problem(f"tunnelTokens.{name}", f"is a placeholder: {command}")
        elif not CONNECTORS[tunnel.kind].token.fullmatch(token):
            yield Problem(
                f"tunnelTokens.{name}", f"is none of {tunnel.kind}; {CONNECTORS[tunnel.kind].token_advice}: {command}"
            )


def provider_keys(given: Tokens, llms: Llms, declared: set[str]) -> Iterator[Problem]:
    yield from _of_no_llm("providerKeys", given, declared)
    for name, llm in llms.items():
        command = f"`pulumi config set --secret --path providerKeys.{name}`"
        key = given.get(name)
        if isinstance(llm, AnthropicLlm) and key is None:
            yield Problem(f"providerKeys.{name}", f"is missing, the key of Anthropic's API: {command}")
        elif key is not None and not isinstance(llm, AnthropicLlm):
            remove = f"`pulumi config rm --path providerKeys.{name}`"
            yield Problem(f"providerKeys.{name}", f"has no use: this LLM is no proxy to a provider: {remove}")
        elif key is not None and (fault := _header_fault(key)):
            yield Problem(f"providerKeys.{name}", f"{fault}: {command}")


def tool_calls(llms: Llms, agents: Agents) -> Iterator[Problem]:
    """VLLM answers 400 to every request with tools, and SGLang with plain text, unless it knows how the model calls."""
    for name, agent in agents.items():
        llm = llms.get(agent.llm)
        if isinstance(llm, ParsedLlm) and llm.tool_call_parser is None and needs.calls_tools(agent):
            yield Problem(
                f"llms.{agent.llm}.toolCallParser",
                f"is missing: 'agents.{name}' has tools, and {llm.engine} has to be told how the model calls them;"
                " write the name that its documentation gives for the model, like 'hermes' or 'llama3_json'",
            )


def _of_no_llm(key: str, given: Tokens, declared: set[str]) -> Iterator[Problem]:
    for name in given.keys() - declared:
        yield Problem(f"{key}.{name}", f"no LLM is named '{name}'; {unknown(name, declared)}")


def _header_fault(secret: str) -> str | None:
    """What is wrong with a key that goes into a header; the key itself is not in the answer."""
    if secret.lower().startswith("bearer "):
        return "starts with 'Bearer '; store the key alone"
    if _PLACEHOLDER.fullmatch(secret):
        return "is a placeholder"
    if not _HEADER_VALUE.fullmatch(secret):
        return "is too short or holds spaces, line ends or non-ASCII characters"
    return None

"""The policies, as data: what each is called, what it is about, and who decides. docs/policy.md has the same table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy import agents, containers, environment, images
from policy.seen import AGENT, ATTACHMENTS, CONTAINER, IMAGE, VOLUME, Seen
from policy.verdict import Decision, Finding, Settings

LEVELS = ("mandatory", "advisory", "disabled")
GATEWAY_PRESENT = "gateway-present"
GATEWAY_WHY = "Every engine of ours is reached through its gateway only, which demands a token."
IN_THE_RUN = "known-in-the-run"
IN_THE_RUN_WHY = "What a preview cannot know is judged in the run, before the resource is made."
EXCEPT = "except"
EXCEPT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Resources that are let through: name -> reason.",
    "additionalProperties": {"type": "string", "minLength": 10},
}


@dataclass(frozen=True)
class Rule:
    """
    One policy for resources of *types*.

    Args:
        why: Printed above each violation.
        settings: JSON schema of what `policy/config/<stack>.json` may say beside the level and `except`.
    """

    id: str
    why: str
    types: tuple[str, ...]
    decide: Decision
    settings: Mapping[str, Any] = field(default_factory=dict)

    def findings(self, seen: Seen, settings: Settings) -> Iterator[Finding]:
        if seen.type in self.types and not is_excepted(seen.name, settings):
            yield from self.decide(seen, settings)


def is_excepted(name: str, settings: Settings) -> bool:
    excepted = settings.get(EXCEPT)
    return isinstance(excepted, Mapping) and name in excepted


RULES = (
    Rule(
        "agent-url",
        "TruGen calls an agent's LLM over the internet, with prompts and a token: by https, at a public address.",
        (AGENT,),
        agents.agent_url,
        {"sandbox": {"type": "boolean", "description": "An agent in a sandbox may call this machine."}},
    ),
    Rule(
        "token-strength",
        "Whoever guesses an agent's token uses the GPU: 256 random bits, unless its vendor decides.",
        (AGENT,),
        agents.token_strength,
        {
            "vendors": {
                "type": "object",
                "description": "Hosts whose keys their vendor makes: host -> fewest bits.",
                "additionalProperties": {"type": "number", "minimum": 64},
            }
        },
    ),
    Rule(
        "protection",
        "Agents and what they use are not deleted by a line that went missing in a stack file.",
        (AGENT, *ATTACHMENTS),
        agents.protection,
    ),
    Rule(
        "image-digest",
        "An image is named by its digest, so that what was tried is what runs.",
        (IMAGE, CONTAINER),
        images.image_digest,
    ),
    Rule("memory-limit", "No container can take all memory of this machine.", (CONTAINER,), containers.memory_limit),
    Rule(
        "container-privileges",
        "No container is more than a process in its own namespaces.",
        (CONTAINER,),
        containers.container_privileges,
    ),
    Rule("docker-socket", "No container controls Docker.", (CONTAINER, VOLUME), containers.docker_socket),
    Rule("host-network", "No container is on this machine's own network.", (CONTAINER,), containers.host_network),
    Rule(
        "port-binding",
        "Only the gateway's public door listens beyond this machine.",
        (CONTAINER,),
        containers.port_binding,
    ),
    Rule("env-secrets", "No secret where `docker inspect` shows it.", (CONTAINER,), environment.env_secrets),
)

"""What agents ask of the LLM they talk through. Pure."""

from collections.abc import Iterable

from components.agent.document import AgentDocument
from components.llm.gate.needs import Needs

_STEP_BYTES = 256


def needs_of(agents: Iterable[AgentDocument]) -> Needs:
    """
    The needs of all *agents* together.

    The length of prompts is rounded up, so that not every edit of a prompt has the endpoint proven again.
    """
    users = list(agents)
    longest = max((_prompt_bytes(agent) for agent in users), default=0)
    return Needs(
        tools=any(map(calls_tools, users)),
        vision=any(agent.vision is not None for agent in users),
        system_prompt_bytes=-(-longest // _STEP_BYTES) * _STEP_BYTES,
    )


def calls_tools(agent: AgentDocument) -> bool:
    """Tools, MCP servers and guardrails all reach the model as functions (docs/contract)."""
    return bool(agent.tool or agent.mcp or agent.guardrail)


def _prompt_bytes(agent: AgentDocument) -> int:
    return max(len(prompt.encode()) for prompt in (agent.persona_prompt, agent.agent_system_prompt or ""))

"""
What can be wrong with an agent although every call was answered. Each message ends in what to type next.

    AgentError
    ├── AgentTakenError        more than one agent, or a foreign one, answers to the name
    ├── AgentUncertainError    TruGen answered no POST; an agent may or may not have been made
    ├── RivalAgentError        another run made the same agent earlier; ours was taken back
    ├── AgentGoneError         deleted elsewhere
    ├── AllAgentsGoneError     every agent answers 404: rather the wrong key than that many deletions
    └── AgentUnverifiedError   made, but TruGen does not show what was declared
"""

from __future__ import annotations

from collections.abc import Iterable


class AgentError(Exception):
    """Root of what the agent resource raises beside the client's errors."""


class AgentTakenError(AgentError):
    def __init__(self, name: str, ids: Iterable[str], why: str) -> None:
        listed = ", ".join(sorted(ids))
        super().__init__(
            f"The agent name {name!r} is taken: {why} ({listed}). Nothing was created or changed.\n"
            f"  Delete what should not be there in the TruGen console, or take one over with `adoptAgentId: <id>`."
        )


class AgentUncertainError(AgentError):
    def __init__(self, name: str, cause: str) -> None:
        super().__init__(
            f"TruGen confirmed no agent {name!r}, twice, and its search shows none: {cause}.\n"
            "  Run `pulumi up` again: it searches for the name before it creates anything."
        )


class RivalAgentError(AgentError):
    def __init__(self, name: str, winner: str, ours: str) -> None:
        super().__init__(
            f"Another run created {name!r} at the same time and earlier ({winner}); ours ({ours}) was deleted again.\n"
            "  Let the other run finish, then run `pulumi up --refresh` if this stack should manage the agent."
        )


class AgentGoneError(AgentError):
    def __init__(self, id_: str) -> None:
        super().__init__(
            f"The agent {id_} does not exist any more: it was deleted outside of this stack.\n"
            "  Run `pulumi up --refresh`: it sees that and creates the agent anew."
        )


class AllAgentsGoneError(AgentError):
    def __init__(self, ids: Iterable[str]) -> None:
        listed = sorted(ids)
        super().__init__(
            f"Every agent of this stack answers 404 ({', '.join(listed)}); a key of another workspace does that too.\n"
            "  Check TRUGEN_API_KEY or trugenApiKey. If they are deleted for good, forget them one by one: "
            "`pulumi refresh --target <urn>`."
        )


class AgentUnverifiedError(AgentError):
    def __init__(self, id_: str, reason: str) -> None:
        super().__init__(
            f"The agent {id_} exists but is not as declared: {reason}.\n"
            "  Run `pulumi up` again: it sends the whole agent once more and compares."
        )

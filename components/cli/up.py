"""Deploy a stack, then show that its agent answers; and the way back."""

import itertools
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from components.cli import engine, locks, many, state_files, turns, weak_choices
from components.cli.say import SayError, say

_SHOWN_AGENTS = 20
_SPOKEN_TO = 3
SENTENCE = "Hello, who are you and how can you help me?"


def up(stack: str, policy: Sequence[str] = ()) -> None:
    """
    Deploy *stack* and print what a person needs: agents, endpoints, first-token times, one spoken answer.

    Args:
        policy: Options of the CLI that name policy packs.

    Raises:
        EngineError: Pulumi failed; it has said why.
        SayError: Deployed, but the agent of the sandbox gives no answer.
    """
    _clear_the_way(stack)
    engine.pulumi("stack", "select", "--create", *_secrets_provider(), stack=stack)
    for weak in weak_choices.found(stack):
        print(f"warning: {weak.subject}: {weak.detail}\n  Better: {weak.next_step}", file=sys.stderr)
    # Nobody is asked, so a preview would only do the same work twice.
    turns.take("up", "--yes", "--skip-preview", *policy, stack=stack, env=many.environment(stack))
    outputs = engine.outputs(stack)
    print()
    for name, llm in outputs["llms"].items():
        print(f"llm    {name}: {llm['model']} {_where(llm)}")
    shown = dict(itertools.islice(outputs["agents"].items(), _SHOWN_AGENTS))
    for name, agent in shown.items():
        print(f"agent  {name}: {agent['id']}, {agent['status']}{_page(agent)}")
    if len(outputs["agents"]) > len(shown):
        print(f"       and {len(outputs['agents']) - len(shown)} more: pulumi stack output agents --stack {stack}")
    if sandbox := outputs.get("sandbox"):
        # The sandbox has no models of TruGen's own, so agents on those cannot answer here.
        for name in itertools.islice(outputs["developer_studio"], _SPOKEN_TO):
            _converse(sandbox, outputs["agents"][name])


def _secrets_provider() -> list[str]:
    """Of a stack that is made now; one that is there keeps its own, which its file names."""
    provider = os.environ.get("PULUMI_SECRETS_PROVIDER")
    return ["--secrets-provider", provider] if provider else []


def _page(agent: dict[str, Any]) -> str:
    return f", {agent['embed_url']}" if "embed_url" in agent else ""


def _where(llm: dict[str, Any]) -> str:
    if "endpoint" not in llm:
        return f"of {llm['provider']}, served by TruGen"
    return f"at {llm['endpoint']}, {_first_token(llm['evidence'])}"


def _first_token(evidence: dict[str, Any]) -> str:
    ttft_s = evidence["ttft_s"]
    cold = f"{ttft_s['cold']:.2f} s cold, " if "cold" in ttft_s else ""  # nobody knows of a hosted one
    return f"first token after {cold}{ttft_s['warm_p50']:.2f} s warm"


def _converse(sandbox: dict[str, Any], agent: dict[str, Any]) -> None:
    print(f"\nyou    {SENTENCE}\n{'agent':<7}", end="", flush=True)
    start_s = time.monotonic()
    first_s = None
    for piece in say(sandbox["api_url"], sandbox["api_key"], agent["id"], SENTENCE):
        if piece and first_s is None:
            first_s = time.monotonic() - start_s
        print(piece, end="", flush=True)
    if first_s is None:
        raise SayError("The agent answered without a word.\n  Look closer: make doctor")
    print(f"\n{'':<7}(first token after {first_s:.2f} s, all after {time.monotonic() - start_s:.2f} s)")


def down(stack: str) -> None:
    """Destroy everything *stack* made; a stack that was never deployed has nothing."""
    if stack not in engine.stacks():
        print(f"stack {stack} was never deployed; there is nothing to remove")
        return
    _clear_the_way(stack)
    turns.take("destroy", "--yes", "--skip-preview", stack=stack, env=many.environment(stack))


def _clear_the_way(stack: str) -> None:
    for lock in locks.remove_dead(stack):
        print(f"removed the lock of a run that is dead: {lock}", file=sys.stderr)
    if not locks.locks(stack):
        for path in state_files.remove_half_written(stack):
            print(f"removed what a run that is dead left half-written: {path}", file=sys.stderr)

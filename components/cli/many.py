"""How the Pulumi CLI is told to run a stack with many agents."""

import os

from components.cli import stack_file

# Below, one write of the state per step costs nothing that anybody would notice.
MANY = 25
# The engine's own default is four steps per core; most of ours wait for an answer.
STEPS_AT_ONCE = 64


def environment(stack: str) -> dict[str, str]:
    """
    Variables for the CLI; those that are set already win.

    A file backend writes the whole state before and after every step, which grows with the square of the number of
    agents: 126 CPU seconds for 300 of them, 4.4 with one write at the end. A run that is killed then forgets what it
    made; the next one finds agents and attachments by their markers and containers by their labels (docs/adr/0007).
    """
    return {name: value for name, value in variables(count(stack)).items() if name not in os.environ}


def variables(agents: int) -> dict[str, str]:
    """What a stack of so many *agents* is run with."""
    if agents <= MANY:
        return {}
    return {"PULUMI_PARALLEL": str(STEPS_AT_ONCE), "PULUMI_SKIP_CHECKPOINTS": "true"}


def count(stack: str) -> int:
    """How many agents the stack file declares; 0 for one that cannot be read, which the program will say."""
    try:
        return len(stack_file.read(stack)["config"]["trugen-llm:agents"])
    except (OSError, KeyError, TypeError, ValueError):
        return 0

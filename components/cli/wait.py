"""`python -m components wait`: the gate's own probe against any endpoint, without Pulumi."""

import argparse
import json
import os
import sys

from components.llm.gate.readiness import Budget, NotReady, Target, wait_until_ready

_TOKEN_VARIABLE = "LLM_TOKEN"  # noqa: S105 - the name of a variable, not its value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base_url", help="API root, like http://127.0.0.1:11434/v1")
    parser.add_argument("model", help="as the engine spells it")
    parser.add_argument("--engine", default="other", help="ollama lets the probe ask for capabilities")
    parser.add_argument("--timeout-s", type=float, default=Budget.timeout_s)
    parser.epilog = f"A token is read from the environment variable {_TOKEN_VARIABLE}, never from the command line."


def wait(arguments: argparse.Namespace) -> int:
    """Print the evidence as JSON and return 0, or the reason and 1."""
    target = Target(arguments.base_url, arguments.model, arguments.engine, token=os.environ.get(_TOKEN_VARIABLE))
    budget = Budget(timeout_s=arguments.timeout_s, stall_timeout_s=min(Budget.stall_timeout_s, arguments.timeout_s))
    try:
        evidence = wait_until_ready(target, budget=budget, on_progress=lambda line: print(line, file=sys.stderr))
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(evidence.as_dict(), indent=2))
    return 0

"""`python -m components preview`: what the next `up` would do, for a person and for a pull request."""

import argparse
import contextlib
import sys
from pathlib import Path

from components.cli import comment, engine, failures, many, throwaway
from components.cli.plan import planned

POLICY_HELP = "folder or program of a policy pack that has to agree; ours is policy/run"
POLICY_CONFIG_HELP = "JSON file with the settings of that policy pack"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--comment", type=Path, metavar="FILE", help="write the plan as Markdown: no values, no secrets"
    )
    parser.add_argument(
        "--as-sandbox",
        action="store_true",
        help="check the stack file without its secrets and its state: against a sandbox, making nothing",
    )
    add_policy_arguments(parser)


def add_policy_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy-pack", metavar="PATH", help=POLICY_HELP)
    parser.add_argument("--policy-pack-config", metavar="FILE", help=POLICY_CONFIG_HELP)


def policy_words(arguments: argparse.Namespace) -> list[str]:
    """The same options for the CLI; paths become absolute, since it runs in the project folder."""
    options = {"--policy-pack": arguments.policy_pack, "--policy-pack-config": arguments.policy_pack_config}
    return [word for option, path in options.items() if path for word in (option, str(Path(path).resolve()))]


def preview(arguments: argparse.Namespace) -> int:
    """Return 0 with a plan, 1 when there can be none."""
    stack: str = arguments.stack
    with contextlib.ExitStack() as stays:
        project, env = engine.PROJECT, many.environment(stack)
        if arguments.as_sandbox:
            project, env = stays.enter_context(throwaway.project(stack))
        words = ["preview", "--suppress-outputs", *policy_words(arguments)]
        done = engine.watched(*words, stack=stack, env=env, project=project, save_plan=True)
    plan = planned(done.events, done.saved)
    failure = failures.explain("preview", stack, done.complaint, plan) if done.status else ""
    if arguments.comment:
        text = comment.preview(stack, plan, failure=failure, as_sandbox=arguments.as_sandbox)
        arguments.comment.write_text(text, encoding="utf-8")
    if failure:
        print(failure, file=sys.stderr)
    return int(done.status != 0)

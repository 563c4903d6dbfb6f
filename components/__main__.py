"""Command line of the module: `python -m components COMMAND`; the Makefile calls it, so may you."""

import argparse
import sys

from components.cli import adopt, doctor, drift, endpoint, live, new_stack, preview, schema, up, wait
from components.cli.engine import EngineError
from components.cli.say import SayError


def _parser() -> argparse.ArgumentParser:
    """Each command names, as `run`, the function that takes the arguments and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m components", description="TruGen agents on your own LLM.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, text in (
        ("up", _up, "deploy a stack and let its sandbox agent say one sentence"),
        ("down", _down, "remove everything a stack made"),
        ("doctor", _doctor, "what is here, what is missing, what to type next"),
        ("preview", preview.preview, "what the next `up` would do; with --comment as Markdown"),
        ("drift", drift.drift, "what was changed elsewhere: ends with 0, with 7 for drift, or with 1"),
        ("wait", wait.wait, "wait until an endpoint streams as TruGen needs it"),
        ("adopt", adopt.adopt, "print agents that were made by hand as a stack file"),
        ("new-stack", new_stack.new_stack, "write a new stack file: asks for what is not given"),
        ("schema", schema.write, "write the JSON Schemas that editors read stack files by"),
    ):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        if name not in {"wait", "adopt", "schema", "new-stack"}:
            command.add_argument("--stack", default="local")
    doctors = commands.choices["doctor"]
    endpoint.add_arguments(doctors)
    live.add_arguments(doctors)
    preview.add_policy_arguments(commands.choices["up"])
    preview.add_arguments(commands.choices["preview"])
    drift.add_arguments(commands.choices["drift"])
    wait.add_arguments(commands.choices["wait"])
    adopt.add_arguments(commands.choices["adopt"])
    new_stack.add_arguments(commands.choices["new-stack"])
    schema.add_arguments(commands.choices["schema"])
    return parser


def _up(arguments: argparse.Namespace) -> int:
    up.up(arguments.stack, preview.policy_words(arguments))
    return 0


def _down(arguments: argparse.Namespace) -> int:
    up.down(arguments.stack)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    if endpoint.is_meant(arguments):
        return endpoint.examine(arguments)
    if arguments.live or arguments.write or arguments.yes:
        return live.live(arguments)
    findings = list(doctor.examine(arguments.stack))
    print("\n".join(map(str, findings)))
    return int(any(finding.verdict == "fault" for finding in findings))


def main() -> int:
    arguments = _parser().parse_args()
    status: int = arguments.run(arguments)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EngineError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    except SayError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; run the same command again: what is done stays done.")

"""Command line of the module: `python -m components COMMAND`; the Makefile calls it, so may you."""

import argparse
import sys

from components.cli import adopt, doctor, endpoint, live, up, wait
from components.cli.engine import EngineError
from components.cli.say import SayError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m components", description="TruGen agents on your own LLM.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("up", "deploy a stack and let its sandbox agent say one sentence"),
        ("down", "remove everything a stack made"),
        ("doctor", "what is here, what is missing, what to type next"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--stack", default="local")
        if name == "doctor":
            endpoint.add_arguments(command)
            live.add_arguments(command)
    wait.add_arguments(commands.add_parser("wait", help="wait until an endpoint streams as TruGen needs it"))
    adopt.add_arguments(commands.add_parser("adopt", help="print agents that were made by hand as a stack file"))
    return parser


def main() -> int:
    arguments = _parser().parse_args()
    match arguments.command:
        case "up":
            up.up(arguments.stack)
        case "down":
            up.down(arguments.stack)
        case "doctor" if endpoint.is_meant(arguments):
            return endpoint.examine(arguments)
        case "doctor" if arguments.live or arguments.write or arguments.yes:
            return live.live(arguments)
        case "doctor":
            findings = list(doctor.examine(arguments.stack))
            print("\n".join(map(str, findings)))
            return int(any(finding.verdict == "fault" for finding in findings))
        case "adopt":
            return adopt.adopt(arguments)
        case "wait":
            return wait.wait(arguments)
    return 0


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

"""`python -m components doctor --live`: each open question of the TruGen API, asked of a real one."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import Counter

from components.live.api import Api
from components.live.bodies import new_name, new_token
from components.live.check import check
from components.live.judgement import judged
from components.live.look import CannotAskError
from components.live.recording import Recording
from components.live.throwaway import LeftBehindError
from components.trugen.errors import ConnectionSettingsError

_DEFAULT_URL = "https://api.trugen.ai/v1"
_EVIDENCE_CHARS = 240
_INDENT = " " * 32
_REFUSED, _INTERRUPTED = 2, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    live = parser.add_argument_group(
        "live check", "asks a TruGen API what its documentation leaves open; the key is read from TRUGEN_API_KEY"
    )
    live.add_argument("--live", action="store_true", help="ask with reads only, and look at no stack")
    live.add_argument("--api-url", default=_DEFAULT_URL, help="root of the API (default: %(default)s)")
    live.add_argument("--write", action="store_true", help="with --live: also make, change and delete one agent")
    live.add_argument("--yes", action="store_true", help="with --write: do not ask before")


def live(arguments: argparse.Namespace) -> int:
    """Print a verdict on every row; 0 unless the API could not be asked or an agent may be left behind."""
    if not arguments.live:
        print("--write and --yes belong to the live check.\n  Run: python -m components doctor --live", file=sys.stderr)
        return _REFUSED
    key = os.environ.get("TRUGEN_API_KEY")
    if not key:
        print("TRUGEN_API_KEY is not set.\n  Give the key: export TRUGEN_API_KEY=...", file=sys.stderr)
        return 1
    name = new_name() if arguments.write else None
    token = new_token()
    try:
        api = Api(arguments.api_url, key, secrets=(token,))
    except ConnectionSettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if name and not arguments.yes and not _agreed(api.root, name):
        return _REFUSED
    return _checked(api, name, token)


def _checked(api: Api, name: str | None, token: str) -> int:
    recording = Recording()
    # Whoever ends this with SIGTERM, as CI does, gets the agent deleted too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        check(api, recording, throwaway_name=name, token=token)
    except CannotAskError as error:
        print(error, file=sys.stderr)
        return 1
    except LeftBehindError as error:
        _print(api, recording)
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        gone = f"; no agent {name!r} is left" if name else ""
        print(f"\nInterrupted after {api.calls} calls{gone}.", file=sys.stderr)
        return _INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    _print(api, recording)
    return 0


def _agreed(root: str, name: str) -> bool:
    if not sys.stdin.isatty():
        print("--write makes an agent and asks before, but there is no terminal.\n  Agree with: --yes", file=sys.stderr)
        return False
    print(
        f"At {root} this makes one agent, {name!r}, changes it, attaches the first tool or\n"
        "knowledge base of the workspace to it for a moment, and deletes it."
    )
    if input("Type yes to go on: ").strip() == "yes":
        return True
    print("Nothing was asked and nothing was made.", file=sys.stderr)
    return False


def _print(api: Api, recording: Recording) -> None:
    verdicts = judged(recording)
    for row, verdict in verdicts:
        print(f"{row.number:>2}  {verdict.outcome:<9}  {row.subject:<16} {row.assumption}")
        if verdict.evidence:
            print(_INDENT + api.line(verdict.evidence, limit=_EVIDENCE_CHARS))
        if verdict.outcome == "refuted":
            print(f"{_INDENT}know: {verdict.advice}")
        elif verdict.outcome == "unknown":
            settled_by = row.settled_by.replace("--write", "another run") if recording.written else row.settled_by
            print(f"{_INDENT}settled by: {settled_by}")
    if recording.budget_spent:
        print("The budget of calls was spent before everything was asked.")
    counts = Counter(verdict.outcome for _, verdict in verdicts)
    outcomes = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("confirmed", "refuted", "unknown"))
    print(f"{outcomes}, {recording.calls} calls")

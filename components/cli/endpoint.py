"""`python -m components doctor URL`: the gate's checks against any endpoint, as a table and an exit status."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator

from components.llm.gate.checks import Verdict
from components.llm.gate.diagnosis import Diagnosis, diagnose
from components.llm.gate.introduction import ModelNotChosen, Question
from components.llm.gate.needs import Needs
from components.urls import api_root, is_loopback

TOKEN_VARIABLE = "LLM_TOKEN"  # noqa: S105 - the name of a variable, not its value
READY, FAILED, USAGE, NOT_ASKED, INTERRUPTED = 0, 1, 2, 3, 130
STATUS_OF: dict[Verdict, int] = {"pass": READY, "warn": READY, "fail": FAILED, "unknown": NOT_ASKED}
_ENGINES = ("ollama", "llama.cpp", "vllm", "tgi", "sglang", "litellm", "other")
_LONGEST_PROMPT_BYTES = 4_000_000  # of the million characters that an agent may have, at four bytes each
_SIZE_DIGITS = 12
_SHOWN_NAMES = 8
_WIDEST = 120
_NARROWEST = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="root of an LLM's API, like http://127.0.0.1:11434/v1: look at that")
    asked = parser.add_argument_group(
        "check of an endpoint",
        f"a token is read from {TOKEN_VARIABLE}, never from the command line; exit status: {READY} ready, {FAILED} a"
        f" check failed, {USAGE} wrongly asked, {NOT_ASKED} it could not be asked: nobody answered, loading, busy",
    )
    asked.add_argument("--model", help="as the server spells it; may be left out when it lists only one")
    kind = asked.add_mutually_exclusive_group()
    kind.add_argument("--engine", choices=_ENGINES, help="by default what the server says of itself")
    kind.add_argument("--hosted", action="store_true", help="every request costs money, so ask nothing twice")
    asked.add_argument("--tools", action="store_true", help="an agent of it has tools, MCP servers or guardrails")
    asked.add_argument("--vision", action="store_true", help="an agent of it sends images")
    asked.add_argument("--system-prompt-bytes", type=_size, default=0, metavar="N", help="of the longest one, in UTF-8")
    asked.add_argument("--gpu", action="store_true", help="the model has to be on a GPU")
    asked.add_argument(
        "--exposed",
        action=argparse.BooleanOptionalAction,
        help="others can call it, so it must refuse a wrong token (default: unless its address is of this machine)",
    )
    asked.add_argument("--timeout-s", type=_seconds, default=60.0, metavar="S", help="for everything (default: 60)")
    asked.add_argument("--json", action="store_true", help="print one JSON object instead of the table")


def is_meant(arguments: argparse.Namespace) -> bool:
    """Whether anything was given that only the check of an endpoint knows."""
    alone = argparse.ArgumentParser()
    add_arguments(alone)
    return any(getattr(arguments, name) != default for name, default in vars(alone.parse_args([])).items())


def examine(arguments: argparse.Namespace) -> int:
    """Print the diagnosis and return the exit status; what is wrong with the question, and progress, go to stderr."""
    try:
        question = _question(arguments)
    except ValueError as error:
        return _refuse(str(error))
    try:
        diagnosis = diagnose(question, on_progress=lambda line: print(line, file=sys.stderr))
    except ModelNotChosen as choice:
        return _refuse(_without_model(choice))
    except KeyboardInterrupt:
        print("\nInterrupted; nothing was changed.", file=sys.stderr)
        return INTERRUPTED
    print(json.dumps(diagnosis.as_dict(), indent=2) if arguments.json else "\n".join(_table(diagnosis)))
    return STATUS_OF[diagnosis.verdict]


def _question(arguments: argparse.Namespace) -> Question:
    """
    Raises:
        ValueError: It cannot be asked; the text says what to change.
    """
    if arguments.url is None:
        raise ValueError("These options belong to the check of an endpoint.\n  Run: python -m components doctor URL …")
    if arguments.live or arguments.write:
        raise ValueError("--live asks the API of TruGen and URL an LLM: two checks.\n  Run one after the other.")
    try:
        base_url = api_root(arguments.url)
    except ValueError as error:
        raise ValueError(f"The URL {error}.") from None
    token = os.environ.get(TOKEN_VARIABLE)
    if token and not (token.isascii() and token.isprintable()):
        raise ValueError(f"{TOKEN_VARIABLE} holds a character that no HTTP header can carry, a line break perhaps.")
    return Question(
        base_url,
        model=arguments.model,
        engine="hosted" if arguments.hosted else arguments.engine,
        token=token,
        needs=Needs(arguments.tools, arguments.vision, arguments.system_prompt_bytes),
        auth_required=not is_loopback(base_url) if arguments.exposed is None else arguments.exposed,
        gpu=arguments.gpu,
        timeout_s=arguments.timeout_s,
    )


def _without_model(choice: ModelNotChosen) -> str:
    names = choice.names
    if not names:
        return (
            "The server lists no model there; most want /v1 at the end of the URL.\n  Or name the model: --model NAME"
        )
    rest = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"The server lists {len(names)} models: {', '.join(names[:_SHOWN_NAMES])}{rest}.\n  Choose: --model NAME"


def _refuse(text: str) -> int:
    print(text, file=sys.stderr)
    return USAGE


def _table(diagnosis: Diagnosis) -> Iterator[str]:
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 0)).columns))
    names = [f"{line.check.id:<9} {line.title}".rstrip() for line in diagnosis.lines]
    first = max(map(len, names), default=0)
    yield from (_wrapped(note, width, "", "  ") for note in diagnosis.notes)
    yield f"{'check':<{first}}  verdict  evidence"
    for name, line in zip(names, diagnosis.lines, strict=True):
        head = f"{name:<{first}}  {line.check.verdict:<7}  "
        yield _wrapped(line.check.detail, width, head, " " * len(head)).rstrip()
        if line.next_step:
            indent = " " * len(head)
            yield _wrapped(f"next: {line.next_step}", width, indent, f"{indent}      ")
    yield ""
    yield diagnosis.summary


def _wrapped(text: str, width: int, first: str, others: str) -> str:
    """A word is never split: commands and URLs are there to be copied."""
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _size(text: str) -> int:
    if not text.isdecimal() or len(text) > _SIZE_DIGITS or int(text) > _LONGEST_PROMPT_BYTES:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number of bytes up to {_LONGEST_PROMPT_BYTES:,}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no time to wait")
    return seconds

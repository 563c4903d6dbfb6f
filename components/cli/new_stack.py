"""Write a new stack file: ask for what the command line leaves open, check it like any stack, never overwrite."""

from __future__ import annotations

import argparse
import json
import re
import secrets
import sys
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from components.cli import engine, new_stack_file
from components.cli.new_stack_file import ENGINES, HUB_ENGINES, LLM, PROJECT, SELF_HOSTED, Answers
from components.llm.providers import PROVIDERS
from components.stack import reading, shared
from components.stack.document import Name
from components.stack.problems import SettingsError

_MODELS = {"ollama": "llama3.2:1b", "anthropic": "claude-sonnet-4-5"}
_FIRST_PORT, _LAST_PORT, _STEP = 23434, 32434, 1000
_NUMBER = re.compile(r"\d+")


class NewStackError(Exception):
    """Nothing was written; the text says why and what to type."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="", metavar="NAME")
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--model", help="as its server lists it")
    parser.add_argument("--weights", help="a GGUF file, a folder, or owner/name@commit of the Hugging Face hub")
    parser.add_argument("--llm-url", metavar="URL", help=f"of a hosted API, or one of {', '.join(sorted(PROVIDERS))}")
    parser.add_argument("--provider", help="of a model that TruGen serves itself")
    parser.add_argument("--gpu", help="off, all or amd")
    parser.add_argument("--agent", help="name that people see")
    parser.add_argument("--prompt", help="what the agent is and how it answers")
    parser.add_argument("--prompt-file", metavar="FILE", help="a file of this project that holds it")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--sandbox", action="store_true", default=None, help="the stand-in for TruGen on this machine")
    where.add_argument("--trugen", dest="sandbox", action="store_false", help="the real TruGen")
    parser.add_argument("--hostname", help="name under which the internet reaches port 443 of this machine")
    parser.add_argument("--acme-email", metavar="ADDRESS", help="for the certificate of that name")
    parser.add_argument("--public-url", metavar="URL", help="of an HTTPS proxy of yours in front of it, instead")
    parser.add_argument("--port", type=int, help="the first of three free ones")


def new_stack(arguments: argparse.Namespace) -> int:
    """Write `stacks/Pulumi.NAME.yaml` and print what comes next; 1 when nothing was written, with the reason."""
    try:
        answers = _answers(arguments)
        _check(answers)
        path = engine.PROJECT / "stacks" / f"Pulumi.{answers.name}.yaml"
        with path.open("x", encoding="utf-8") as file:
            file.write(new_stack_file.text(answers))
    except FileExistsError:
        print(_is_there(answers.name), file=sys.stderr)
        return 1
    except NewStackError as error:
        print(error, file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\nNothing was written; run the same command again.", file=sys.stderr)
        return 1
    print(f"Written: stacks/Pulumi.{answers.name}.yaml. Next:")
    print("\n".join(f"  {command}" for command in new_stack_file.commands(answers)))
    return 0


def _answers(given: argparse.Namespace) -> Answers:
    name = _asked(given.name, "NAME", "A name for the stack, like `staging`", refuse=_why_no_name)
    if reason := _why_no_name(name):
        raise NewStackError(f"{name!r}: {reason}.")
    engines = "\n".join(f"  {one:<10} {what}" for one, what in ENGINES.items())
    kind = _asked(given.engine, "--engine", f"What serves the LLM:\n{engines}\nEngine", "ollama", refuse=_why_no_engine)
    sandbox = given.sandbox
    if sandbox is None:
        where = "The real TruGen needs an account. `sandbox` or `trugen`"
        sandbox = _asked(None, "--sandbox or --trugen", where, "sandbox", refuse=_why_neither) == "sandbox"
    agent = _asked(given.agent, "--agent", "Name of the agent, as people see it", "Concierge")
    return Answers(
        name=name,
        engine=kind,
        model=_asked(given.model, "--model", "Model, as its server lists it", _MODELS.get(kind)),
        agent=agent,
        sandbox=sandbox,
        port=given.port or _free_ports(),
        **_of_the_engine(given, kind),
        **(_from_outside(given) if kind in SELF_HOSTED and not sandbox else {}),
        **_prompt(given, agent),
    )


def _of_the_engine(given: argparse.Namespace, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if kind == "hosted":
        what = f"URL of the API, with its version, or one of {', '.join(sorted(PROVIDERS))}"
        found["llm_url"] = _asked(given.llm_url, "--llm-url", what)
    if kind == "trugen":
        found["provider"] = _asked(given.provider, "--provider", "Provider, as TruGen lists it", "groq")
    if kind == "llama.cpp":
        found["weights"] = _asked(given.weights, "--weights", "The GGUF file, like ~/models/support.gguf")
    if kind in HUB_ENGINES:
        what = "A folder with the weights, or owner/name@commit of the Hugging Face hub with all 40 digits"
        found["weights"] = _asked(given.weights, "--weights", what)
        found["gpu"] = given.gpu or "all"
    return {"gpu": given.gpu, **found} if kind in {"ollama", "llama.cpp"} else found


def _from_outside(given: argparse.Namespace) -> dict[str, Any]:
    """TruGen calls the LLM over the internet."""
    if given.public_url:
        return {"public_url": given.public_url}
    what = "TruGen calls the LLM over the internet: the name under which port 443 of this machine is reached"
    hostname = _asked(given.hostname, "--hostname (or --public-url)", what)
    email = _asked(given.acme_email, "--acme-email", "Where the authority writes to about the certificate")
    return {"hostname": hostname, "acme_email": email}


def _prompt(given: argparse.Namespace, agent: str) -> dict[str, Any]:
    if given.prompt_file or given.prompt:
        return {"prompt_file": given.prompt_file, "prompt": None if given.prompt_file else given.prompt}
    entry = new_stack_file.agent_entry(agent)
    text = shared.TEXTS["agents"]
    lent = shared.read(engine.PROJECT).beneath("agents", {entry: {}})[entry]
    if {text, f"{text}File"} & lent.keys():
        return {}
    plain = f"You are {agent}. Answer in one or two short spoken sentences."
    return {"prompt": _asked(None, "--prompt", "What the agent is and how it answers", plain)}


def _asked(
    given: str | None,
    flag: str,
    what: str,
    default: str | None = None,
    refuse: Callable[[str], str | None] = lambda _: None,
) -> str:
    """*given*, or the answer of a person; asked again until *refuse* has nothing against it."""
    if given:
        return given
    if not sys.stdin.isatty():
        raise NewStackError(f"{flag} is missing, and nobody is there to be asked. Nothing was written.")
    while True:
        answer = input(f"{what}{f' [{default}]' if default else ''}: ").strip() or default or ""
        reason = refuse(answer) if answer else "an answer is needed"
        if reason is None:
            return answer
        print(f"  {reason}")


def _why_no_name(name: str) -> str | None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return _is_there(name) if (engine.PROJECT / "stacks" / f"Pulumi.{name}.yaml").exists() else None


def _is_there(name: str) -> str:
    return f"stacks/Pulumi.{name}.yaml is there already; edit it, or choose another name"


def _why_no_engine(word: str) -> str | None:
    return None if word in ENGINES else f"one of {', '.join(ENGINES)}"


def _why_neither(word: str) -> str | None:
    return None if word in {"sandbox", "trugen"} else "`sandbox` or `trugen`"


def _free_ports() -> int:
    """The first of three that no stack file speaks of: two stacks may run on one machine."""
    texts = (path.read_text(encoding="utf-8") for path in (engine.PROJECT / "stacks").glob("Pulumi.*.yaml"))
    taken = {int(number) for text in texts for number in _NUMBER.findall(text)}
    for port in range(_FIRST_PORT, _LAST_PORT, _STEP):
        if not taken & {port, port + 1, port + 2}:
            return port
    raise NewStackError("Every port that this command would choose is taken; give `--port` three free ones.")


def _check(answers: Answers) -> None:
    """As a run would, with stand-ins for the secrets that are stored later."""
    plain = {key: json.dumps(value) for key, value in new_stack_file.sections(answers).items()}
    stand_ins = _nested(new_stack_file.secrets(answers))
    try:
        reading.read(PROJECT, answers.name, {**plain, **stand_ins}, stand_ins.keys(), engine.PROJECT)
    except SettingsError as error:
        found = str(error).splitlines()[1:-1]
        raise NewStackError(
            "\n".join(["Nothing was written:", *found, "  Run the same command with other answers."])
        ) from None


def _nested(paths: Iterable[str]) -> dict[str, str]:
    """`llmTokens.main` as the map that the stack file will hold."""
    stand_in = secrets.token_hex(24)
    return {path.partition(".")[0]: json.dumps({LLM: stand_in}) if "." in path else stand_in for path in paths}

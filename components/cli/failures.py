"""Why a Pulumi command failed and what to type next, from what it complained about. Pure."""

from __future__ import annotations

import re

from components.cli.plan import Plan, Said

# What the CLI says (seen, 3.259) -> the next command.
_NEXT = {
    r"incorrect passphrase|passphrase must be set": "export PULUMI_CONFIG_PASSPHRASE=<the passphrase of stack {stack}>",
    r"unable to open state|open bucket": "export PULUMI_BACKEND_URL=<where {stack} keeps its state>",
    r"no stack named": "pulumi stack init {stack}",
    r"currently locked": "make doctor STACK={stack}",
    r"getting secrets manager|unable to parse secrets provider|kms": "make doctor STACK={stack}",
    r"invalid access token|PULUMI_ACCESS_TOKEN": "pulumi login",
    r"could not load policy|loading policy|policy pack": "see docs/policy.md",
}
_ECHO = re.compile(r"(error: )?(preview failed|update failed|an unhandled error occurred: program exited .*)")
# A backend's address may carry a password, and the CLI repeats it (seen, 3.259).
# Up to the last `@`: Go takes one for a part of the password.
_USER_OF_URL = re.compile(r"://[^/\s\"]*@")


def explain(command: str, stack: str, complaint: str, plan: Plan) -> str:
    """
    Cause and next command.

    Args:
        command: Word of this command line, to be typed again once the cause is gone.
        complaint: What the CLI printed on standard error.
    """
    causes = [_told(said) for said in plan.texts("error") if not _is_echo(said)] or [_cause(complaint)]
    matching = (step for pattern, step in _NEXT.items() if re.search(pattern, complaint, re.IGNORECASE))
    again = f"python -m components {command} --stack {stack}"
    step = next(matching, again).format(stack=stack)
    return _USER_OF_URL.sub("://", "\n".join([*dict.fromkeys(causes), f"  Next: {step}"]))


def _told(said: Said) -> str:
    text = re.sub(r"^error: ", "", said.text)
    return f"{said.resource.kind} {said.resource.name}: {text}" if said.resource else text


def _is_echo(said: Said) -> bool:
    """Whether it only says that something else was said."""
    return _ECHO.fullmatch(said.text) is not None


def _cause(complaint: str) -> str:
    errors = [line.removeprefix("error: ") for line in complaint.splitlines() if line.startswith("error: ")]
    return "\n".join(errors) or complaint or "Pulumi gave no reason."

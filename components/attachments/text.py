"""What names, descriptions, headers and URLs of attachments may look like. Pure; no message holds a header's value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from components.agent.text import CallbackUrl, name, prose

MAX_DESCRIPTION_CHARACTERS = 4000
# What a model may call a function, by OpenAI's API reference (tools[].function.name).
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MARKED = re.compile(r" \[[a-z2-7]{8}\]\s*$")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]{0,4094}[!-~])?")
_SET_BY_HTTP = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})
_PLACEHOLDER = re.compile(
    r"(?:\w+ )?(?:change.?me|your[-_ ].*|<.*>|\{\{.*\}\}|\$\{.*\}|xxx+|todo|placeholder)", re.IGNORECASE
)
_SECRET_NAME = re.compile(r"auth|cookie|token|secret|passw|credential|key|signature", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(?:bearer|basic|digest|token|apikey) \S", re.IGNORECASE)


def label(value: str) -> str:
    checked = name(value)
    if "[" in checked or "]" in checked:
        raise ValueError("holds '[' or ']', which are kept for the marker at the end of the name")
    return checked


def function_name(value: str) -> str:
    if not _FUNCTION_NAME.fullmatch(value):
        raise ValueError("is no function name; a model calls it by up to 64 ASCII letters, digits, '_' or '-'")
    return value


def not_empty(value: str) -> str:
    """*value* untouched: what is written for a model or a caller is sent byte for byte."""
    if not value.strip():
        raise ValueError("is empty")
    return prose(value)


def description(value: str) -> str:
    checked = not_empty(value)
    if len(checked) > MAX_DESCRIPTION_CHARACTERS:
        raise ValueError(f"is {len(checked)} characters long; {MAX_DESCRIPTION_CHARACTERS} are the limit")
    if _MARKED.search(checked):
        raise ValueError("ends like the marker of another object (eight characters in brackets); leave that out")
    return checked


def _texts_only(value: object) -> object:
    """Before anything else reports a wrong value under its name, which may be a whole `Authorization: Bearer ...`."""
    for number, (header, content) in enumerate(value.items() if isinstance(value, Mapping) else [], start=1):
        if not isinstance(content, str):
            named = f"for '{header}'" if _HEADER_NAME.fullmatch(str(header)) else f"(number {number})"
            raise ValueError(f"has a value {named} that is no text; put it in quotes")  # noqa: TRY004 - pydantic's way
    return value


def headers(value: Mapping[str, str]) -> Mapping[str, str]:
    """Names in any letter case, each once; values as HTTP carries them unquoted (RFC 9110, 5.5)."""
    seen: set[str] = set()
    for number, (header, content) in enumerate(value.items(), start=1):
        if not _HEADER_NAME.fullmatch(header):
            # Not shown: `Authorization: Bearer ...` may stand there as a whole.
            raise ValueError(f"has a name (number {number}) that is no header name; write `Name: value`, one a line")
        if header.lower() in _SET_BY_HTTP:
            raise ValueError(f"names '{header}', which HTTP sets itself; leave it out")
        if header.lower() in seen:
            raise ValueError(f"names '{header}' twice; letter case does not count")
        seen.add(header.lower())
        if reason := header_fault(content):
            raise ValueError(f"has a value for '{header}' that {reason}")
    return value


def header_fault(content: str) -> str | None:
    """What is wrong with the value of a header; never the value."""
    if _PLACEHOLDER.fullmatch(content):
        return "is a placeholder"
    if not _HEADER_VALUE.fullmatch(content):
        return "is empty, too long, or holds a line end, a blank at an end, or a character beyond ASCII"
    return None


def is_credential(header: str, content: str) -> bool:
    """Whether a header looks as if it let somebody in; what is no header is told as that."""
    if not _HEADER_NAME.fullmatch(header) or header_fault(content):
        return False
    return bool(_SECRET_NAME.search(header) or _SECRET_VALUE.match(content))


def credentials(value: object) -> list[str]:
    """The keys among the values of headers, without the word (`Bearer`) before them."""
    if not isinstance(value, Mapping):
        return []
    return [str(text).rpartition(" ")[2] for header, text in value.items() if is_credential(str(header), str(text))]


Label = Annotated[str, AfterValidator(label)]
FunctionName = Annotated[str, AfterValidator(function_name)]
Description = Annotated[str, AfterValidator(description)]
Headers = Annotated[Mapping[str, str], AfterValidator(headers), BeforeValidator(_texts_only)]
NotEmpty = Annotated[str, AfterValidator(not_empty)]
RequiredUrl = Annotated[CallbackUrl, AfterValidator(not_empty)]

"""What names, prompts, tokens and URLs may look like. Pure; the messages never hold the value of a secret."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from components.urls import api_root, callback_url, why_not_public

MAX_NAME_CHARACTERS = 200
MAX_PROMPT_CHARACTERS = 1_000_000
# Characters that reorder or hide the text around them; the joiners U+200C and U+200D stay, scripts and emoji need them.
_INVISIBLE = frozenset(
    "\u200b\u200e\u200f\u2060\ufeff\u061c\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def name(value: str) -> str:
    """*value* trimmed and in NFC, as it will be compared and shown."""
    trimmed = unicodedata.normalize("NFC", value.strip())
    if not trimmed:
        raise ValueError("is empty")
    if len(trimmed) > MAX_NAME_CHARACTERS:
        raise ValueError(f"is {len(trimmed)} characters long; {MAX_NAME_CHARACTERS} are the limit")
    strange = next((c for c in trimmed if c in _INVISIBLE or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}), None)
    if strange is not None:
        raise ValueError(f"holds the control or invisible character U+{ord(strange):04X}")
    return trimmed


def agent_name(value: str, info: ValidationInfo) -> str:
    """
    A name that leaves room for the marker: `Helpdesk [k3x9...]` names an agent of ours.

    An exact name needs no such room, since it is compared as a whole; that of an adopted agent stays as it is there.
    """
    checked = name(value)
    if info.data.get("exact_name"):
        return value if info.data.get("adopt_agent_id") else checked
    if "[" in checked or "]" in checked:
        raise ValueError("holds '[' or ']', which are kept for the marker at the end of the agent's name")
    return checked


def prompt(value: str) -> str:
    """*value* untouched: a prompt is sent byte for byte."""
    if not value.strip():
        raise ValueError("is empty; write what the agent is and how it should answer")
    return prose(value)


def prose(value: str) -> str:
    if len(value) > MAX_PROMPT_CHARACTERS:
        raise ValueError(f"is {len(value)} characters long; {MAX_PROMPT_CHARACTERS} are the limit")
    if "\0" in value:
        raise ValueError("holds a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("holds half of a character (a lone surrogate); save the file as UTF-8")
    return value


def token(value: str) -> str:
    """A bearer credential: what HTTP allows in a header without quoting."""
    if not re.fullmatch(r"[!-~]{1,8192}", value):
        raise ValueError("is empty, too long, or holds a blank, a line end or a character beyond ASCII")
    return value


def model_name(value: str) -> str:
    if not re.fullmatch(r"[!-,.-~][!-~]{0,255}", value):
        raise ValueError("is empty, starts with '-', or holds a blank; write it as the LLM server lists it")
    return value


def object_id(value: str) -> str:
    """Ids are opaque, but become part of a path and of commands that are printed."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", value):
        raise ValueError("is no id of TruGen; those are up to 128 ASCII letters, digits, '.', '_' or '-'")
    return value


def _public_when_asked(url: str, info: ValidationInfo) -> str:
    reason = why_not_public(url) if url and (info.context or {}).get("public") else None
    if reason:
        raise ValueError(f"cannot be called by TruGen: {reason}")
    return url


Name = Annotated[str, AfterValidator(name)]
AgentName = Annotated[str, AfterValidator(agent_name)]
Prompt = Annotated[str, AfterValidator(prompt)]
Prose = Annotated[str, AfterValidator(prose)]
Token = Annotated[str, AfterValidator(token)]
ModelName = Annotated[str, AfterValidator(model_name)]
ObjectId = Annotated[str, AfterValidator(object_id)]

LlmUrl = Annotated[str, AfterValidator(api_root), AfterValidator(_public_when_asked)]
CallbackUrl = Annotated[str, AfterValidator(callback_url), AfterValidator(_public_when_asked)]
"""Validated with the context `{"public": True}`, both must be reachable from the internet (agents of the real API)."""

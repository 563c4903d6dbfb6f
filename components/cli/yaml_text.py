"""
Values as YAML that Pulumi (Go's yaml.v3) and PyYAML read back exactly, prompts to the byte.

Written here, since PyYAML turns a prompt with a blank before a line end, or a tab, into one long quoted line, leaves
`1e3` unquoted, which Go takes for a number, and writes no comments. Text goes plain only where no reader can doubt it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

_STEP = "  "
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS_OF_YAML = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_JOINERS = "\u200c\u200d"
_FLOW_CHARACTERS = 90


def mapping_lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    """The lines of a block mapping, each without its line end; a text of several lines becomes a literal block."""
    for key, value in values.items():
        name = f"{indent}{_flow(key)}:"
        if isinstance(value, str) and _fits_literal(value):
            yield f"{name} |{_hint(value)}"
            yield from _literal_lines(value, indent + _STEP)
        elif isinstance(value, Mapping) and value:
            yield name
            yield from mapping_lines(value, indent + _STEP)
        elif isinstance(value, list) and len(_flow(value)) > _FLOW_CHARACTERS:
            yield name
            yield from (f"{indent}{_STEP}- {_flow(item)}" for item in value)
        else:
            yield f"{name} {_flow(value)}"


def comment_lines(text: str, indent: str) -> Iterator[str]:
    """*text*, which may hold names from elsewhere, as one comment line: nothing in it can end the comment."""
    yield f"{indent}# {''.join(one if one.isprintable() else '?' for one in text)}"


def _flow(value: Any) -> str:
    """*value* on one line."""
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")  # PyYAML reads 1e-07 as text
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS_OF_YAML


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable() or character in _JOINERS:
        return character
    return {"\n": "\\n", "\t": "\\t"}.get(character, f"\\U{ord(character):08x}")


def _fits_literal(text: str) -> bool:
    return "\n" in text and bool(text.strip("\n")) and all(map(_is_raw, text))


def _is_raw(character: str) -> bool:
    """What may stand in a file as it is: readers leave it alone, and a reviewer sees it."""
    return character in "\n\t" or character in _JOINERS or character.isprintable() or _is_blank(character)


def _is_blank(character: str) -> bool:
    return unicodedata.category(character) == "Zs"


def _hint(text: str) -> str:
    """Indentation where the first line would mislead a reader, and what becomes of line ends at the end of the text."""
    depth = str(len(_STEP)) if text[0] in " \t\n" else ""
    return depth + ("+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-")


def _literal_lines(text: str, indent: str) -> Iterator[str]:
    lines = text.removesuffix("\n").split("\n")
    yield from (f"{indent}{line}" if line else "" for line in lines)

"""Texts kept beside the stack file, prompts above all, that a person can read and review."""

import os
from pathlib import Path

_MAX_BYTES = 256 * 2**10


def fits(text: str) -> bool:
    """Whether `read` gives *text* back from a file exactly as it is."""
    return "\r" not in text and not text.startswith("\ufeff") and len(text.encode()) <= _MAX_BYTES


def read(project: Path, name: str) -> str:
    """
    Return the prompt in *name*, relative to the *project* folder; without byte order mark and with Unix line ends.

    Raises:
        ValueError: the file may not be used or read; the text says why and holds nothing of its content.
    """
    content = text(project, name, "create it, or write the prompt as `personaPrompt`")
    if not content.strip():
        raise ValueError(f"'{name}' is empty")
    return content


def text(project: Path, name: str, otherwise: str = "create it") -> str:
    """As `read`, for any text of the *project*: an empty one, too. *otherwise* is what to do about a missing file."""
    path = (project / name).resolve()
    if not path.is_relative_to(project.resolve()):
        raise ValueError(f"'{name}' leads outside the project folder; keep it under stacks/")
    if not path.exists():
        raise ValueError(f"'{name}' does not exist; {otherwise}")
    if not path.is_file():
        raise ValueError(f"'{name}' is not a regular file")
    if not os.access(path, os.R_OK):
        raise ValueError(f"'{name}' may not be read by this user; `chmod u+r {name}`")
    if (size := path.stat().st_size) > _MAX_BYTES:
        raise ValueError(f"'{name}' has {size:,} bytes; {_MAX_BYTES:,} are the limit")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"'{name}' is not UTF-8 (byte {error.start:,}); save it as UTF-8") from None

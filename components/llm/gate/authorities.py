"""Certificate authorities that only one gateway of ours knows: where this machine keeps them."""

from pathlib import Path
from urllib.parse import urlsplit

from components.llm.declared import HTTPS_PORT

FOLDER = Path(".cache/authorities")
"""Relative to the project, the working directory of program, provider and command line."""


def file_for(url: str) -> Path:
    """Where the authority behind *url* is kept, if it has one: a PEM file for each host and port."""
    parts = urlsplit(url)
    return FOLDER / f"{parts.hostname}:{parts.port or HTTPS_PORT}.pem"

"""Write the JSON Schemas of the stack files, or say whether the written ones are those of this code."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from components.cli import engine
from components.stack import schema

FOLDER = Path("stacks") / "schema"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when a file is not up to date")


def write(arguments: argparse.Namespace) -> int:
    stale = list(_stale())
    if arguments.check:
        for path in stale:
            print(f"{path} is not what the models say; run `make schema` and commit it.", file=sys.stderr)
        return int(bool(stale))
    for path in stale:
        (engine.PROJECT / path).parent.mkdir(exist_ok=True)
        (engine.PROJECT / path).write_text(_files()[path], encoding="utf-8")
        print(f"written: {path}")
    return 0


def _files() -> dict[Path, str]:
    """By their paths in the project."""
    return {
        FOLDER / "stack.schema.json": schema.text(schema.of_a_stack()),
        FOLDER / "shared.schema.json": schema.text(schema.of_the_shared_file()),
    }


def _stale() -> Iterator[Path]:
    for path, text in _files().items():
        file = engine.PROJECT / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            yield path

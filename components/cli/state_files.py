"""
What a killed run can leave half-written in a file backend.

The state itself is renamed into place, but the `.attrs` file beside it is written in place (gocloud.dev `fileblob`). A
CLI that is killed in that moment leaves it empty, and every later command ends in `failed to load checkpoint: EOF`. It
holds a checksum and a content type that Pulumi does without.
"""

import json
from pathlib import Path

from components.cli import backend


def half_written(stack: str, *, project: str = "trugen-llm") -> list[Path]:
    """The attribute files of *stack* that cannot be read; none for a backend that is not a folder."""
    folder = backend.folder()
    if folder is None:
        return []
    found = sorted((folder / "stacks" / project).glob(f"{stack}.json*.attrs"))
    return [path for path in found if not _is_json(path)]


def remove_half_written(stack: str) -> list[Path]:
    """Remove them; returns what was there."""
    broken = half_written(stack)
    for path in broken:
        path.unlink()
    return broken


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True

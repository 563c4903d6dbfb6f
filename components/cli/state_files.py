"""
What a killed run can leave half-written in a file backend.

The state itself is renamed into place, but the `.attrs` file beside it is written in place (gocloud.dev `fileblob`). A
CLI that is killed in that moment leaves it empty, and every later command ends in `failed to load checkpoint: EOF`. It
holds a checksum and a content type that Pulumi does without.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlparse


def half_written(stack: str, *, project: str = "trugen-llm") -> list[Path]:
    """The attribute files of *stack* that cannot be read; none for a backend that is not a folder."""
    backend = urlparse(os.environ.get("PULUMI_BACKEND_URL", ""))
    if backend.scheme != "file":
        return []
    folder = Path(backend.path).expanduser() / ".pulumi" / "stacks" / project
    return [path for path in sorted(folder.glob(f"{stack}.json*.attrs")) if not _is_json(path)]


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

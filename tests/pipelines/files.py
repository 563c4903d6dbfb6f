"""The workflow files as data; scalars are strings, so that `on` is no boolean."""

from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
GITLAB = PROJECT / ".gitlab" / "ci.yml"
Json = dict[str, Any]


def loaded(path: Path) -> Json:
    content: Json = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    return content


def jobs(path: Path) -> dict[str, Json]:
    found: dict[str, Json] = loaded(path)["jobs"]
    return found


def steps(path: Path) -> list[Json]:
    return [step for job in jobs(path).values() for step in job.get("steps", [])]

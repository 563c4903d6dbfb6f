"""The stack file as data, for commands that look at it before or without Pulumi."""

from typing import Any

from components.cli import engine
from components.stack import yaml_file


def read(stack: str) -> Any:
    """
    Everything in the file, not checked.

    Raises:
        OSError, ValueError: there is none, or it is no YAML.
    """
    return yaml_file.loaded((engine.PROJECT / "stacks" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))

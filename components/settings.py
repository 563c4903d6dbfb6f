"""The stack file, read once. The only module that knows Pulumi's config; everything else gets `Settings`."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from components.stack import reading
from components.stack.document import Settings

_PROJECT_FOLDER = Path(__file__).resolve().parents[1]


def load() -> Settings:
    """
    Read the settings of the current stack.

    Raises:
        SettingsError: with every problem of the stack file, not just the first.
    """
    project = pulumi.get_project()
    mine = {key: value for key, value in CONFIG.get().items() if key.startswith(f"{project}:")}
    config = {key.removeprefix(f"{project}:"): value for key, value in mine.items()}
    encrypted = {key for key in config if is_config_secret(f"{project}:{key}")}
    return reading.read(project, pulumi.get_stack(), config, encrypted, _PROJECT_FOLDER)

"""
What is good enough beside a sandbox and weak with the real TruGen: told by `doctor`, and before an `up`.

Warnings and no refusals: the stack works, and whether the risk is worth it is not ours to say.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.cli import engine, stack_file

# Stands in the repository (air_gapped, docs/adr/0002).
PUBLIC_PASSPHRASE = "trugen-local-sandbox"  # noqa: S105 - public on purpose, see above
_VARIABLE = "PULUMI_CONFIG_PASSPHRASE"


@dataclass(frozen=True)
class WeakChoice:
    """What is weak about *subject*, and what makes it strong."""

    subject: str
    detail: str
    next_step: str


@dataclass(frozen=True)
class Facts:
    """
    Args:
        backend: URL of the state; None when the CLI does not tell.
        by_passphrase: Whether one encrypts the stack's secrets, and no key service.
        passphrase: None where Pulumi asks for it.
        passphrase_file: The file it is read from, if one is named.
        protected: Whether the stack file says anything of use under `protection`.
    """

    stack: str
    backend: str | None
    by_passphrase: bool
    passphrase: str | None = field(repr=False)
    passphrase_file: Path | None
    protected: bool


def found(stack: str) -> list[WeakChoice]:
    """Nothing for a stack with a sandbox, or whose file cannot be read, which the program will say."""
    try:
        file = stack_file.read(stack)
        config = file["config"]
        is_real = "apiUrl" in config["trugen-llm:trugen"]
    except (OSError, KeyError, TypeError, ValueError):
        return []
    return list(choices(_facts(stack, file, config))) if is_real else []


def choices(facts: Facts) -> Iterator[WeakChoice]:
    """What is weak in a stack with the real TruGen."""
    if facts.backend is not None and facts.backend.startswith("file:"):
        yield WeakChoice(
            "backend",
            f"the state lies in a folder of one machine, {facts.backend}: it is lost with the disk, and no pipeline or"
            " colleague can go on from it",
            "move it to a backend that is shared and backed up: docs/state.md",
        )
    if facts.by_passphrase:
        yield _secrets(facts)
    if not facts.protected:
        yield WeakChoice(
            "protection",
            "nothing keeps an agent from being deleted by a mistake in the stack file",
            f"write `trugen-llm:protection: {{protect: true, maxDeletes: 0}}` to stacks/Pulumi.{facts.stack}.yaml:"
            " docs/protection.md",
        )


def _secrets(facts: Facts) -> WeakChoice:
    change = "pulumi stack change-secrets-provider"
    another = f"{change} passphrase --stack {facts.stack}, then replace the secrets: they count as disclosed"
    if facts.passphrase == "":
        return WeakChoice("passphrase", "is empty: whoever has the stack file reads its secrets", another)
    if facts.passphrase == PUBLIC_PASSPHRASE:
        return WeakChoice("passphrase", "is the public one of the local stack: everybody can read the secrets", another)
    if facts.passphrase_file and facts.passphrase_file.resolve().is_relative_to(engine.PROJECT):
        return WeakChoice(
            "passphrase",
            f"lies beside what it protects, in the project folder: {facts.passphrase_file}",
            f"move the file out of the checkout and set {_VARIABLE}_FILE to its new place",
        )
    return WeakChoice(
        "secrets",
        "are encrypted with a passphrase: nobody who has learnt it can be shut out again",
        f"{change} awskms://alias/<key> --stack {facts.stack} (or another key service: docs/state.md)",
    )


def _facts(stack: str, file: Mapping[str, Any], config: Mapping[str, Any]) -> Facts:
    backend, provider = engine.backend_url(), file.get("secretsprovider")
    served = backend is not None and backend.startswith("http")
    protection = config.get("trugen-llm:protection")
    protection = protection if isinstance(protection, Mapping) else {}
    passphrase, passphrase_file = _passphrase()
    return Facts(
        stack=stack,
        backend=backend,
        # What a stack is given that names none: Pulumi's service keeps a key, other backends keep nothing.
        by_passphrase=provider == "passphrase" or (not provider and ("encryptionsalt" in file or not served)),
        passphrase=passphrase,
        passphrase_file=passphrase_file,
        protected=bool(protection.get("protect")) or protection.get("maxDeletes") is not None,
    )


def _passphrase() -> tuple[str | None, Path | None]:
    """Pulumi takes the variable, empty or not, before the file (v3.259.0, `pkg/secrets/passphrase/manager.go`)."""
    if (text := os.environ.get(_VARIABLE)) is not None:
        return text, None
    if not (named := os.environ.get(f"{_VARIABLE}_FILE")):
        return None, None
    path = Path(named)
    try:
        return path.read_text(encoding="utf-8").strip(), path
    except (OSError, ValueError):
        return None, path

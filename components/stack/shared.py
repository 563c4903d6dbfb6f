"""
`stacks/shared.yaml`: what every stack would say of an LLM, an agent or an attachment of that name.

Only what the stack file itself names is deployed. An entry of it lies on the shared one of its name, and that on the
section's entry `"*"`: maps merge deeply, anything else (a list, a text, a null) replaces what lies beneath. Beneath an
agent with `adoptAgentId` lies nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.stack import attached, prompts, yaml_file
from components.stack.problems import Problem, unknown

FILE = "stacks/shared.yaml"
EVERY = "*"
SECTIONS = ("llms", "agents", *attached.SECTIONS)
# Texts that a file may hold instead: `<key>File`.
TEXTS = {"agents": "personaPrompt", "guardrails": "prompt", "templates": "templateSystemPrompt"}
_ADOPTED = {"adoptAgentId", "adoptId"}
_FROM_HERE = f" (from {FILE})"


@dataclass
class Shared:
    """
    What the file says, by section and name, and what is wrong with it.

    Args:
        origins: Paths, as problems spell them, of the values that `beneath` took from the file.
    """

    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)

    def beneath(self, section: str, entries: Mapping[str, Any]) -> dict[str, Any]:
        """The *entries* of a stack file with what they leave out; one that is no map stays what it is."""
        return {name: self._whole(section, name, entry) for name, entry in entries.items()}

    def _whole(self, section: str, name: str, entry: Any) -> Any:
        # What was made by hand moves in as it is: a default of ours would change it.
        if not isinstance(entry, dict) or _ADOPTED & entry.keys():
            return entry
        given, text = self.sections.get(section, {}), TEXTS.get(section)
        below = _over(given.get(EVERY, {}), given.get(name, {}), text)
        below = _without_other_text(below, entry, text)
        self.origins |= set(_taken(below, entry, f"{section}.{name}"))
        return _merged(below, entry)

    def told(self, problems: Iterable[Problem]) -> list[Problem]:
        """*problems* of a stack; those of values that came from the file say so."""
        return [
            Problem(one.path, f"{one.text}{_FROM_HERE}") if self._gave(one.path) else one
            for one in (*self.problems, *problems)
        ]

    def _gave(self, path: str) -> bool:
        # What is wrong with a text may be told of its key, although a file holds it.
        return any(one in {path, f"{path}File"} or path.startswith((f"{one}.", f"{one}[")) for one in self.origins)


def read(project: Path) -> Shared:
    """The shared defaults of the *project*; none when it has no such file."""
    if not (project / FILE).exists():
        return Shared()
    try:
        return parsed(prompts.text(project, FILE))
    except ValueError as error:
        return Shared(problems=[Problem(FILE, str(error))])


def parsed(text: str) -> Shared:
    """
    What *text* says.

    Raises:
        ValueError: it is no YAML, or has an alias: defaults of every entry stand under `"*"`.
    """
    whole = yaml_file.loaded(text, aliases=False) or {}
    if not isinstance(whole, dict):
        return Shared(problems=[Problem(FILE, f"is not a map of sections; known: {', '.join(SECTIONS)}")])
    sections, problems = {}, []
    for word, section in whole.items():
        if word not in SECTIONS:
            problems.append(Problem(FILE, f"`{word}` has no place here; {_advice(word)}"))
        elif not isinstance(section, dict):
            problems.append(Problem(FILE, f"`{word}` is not a map; indent its entries under it"))
        else:
            odd = [name for name, entry in section.items() if not isinstance(entry, dict)]
            problems += [Problem(FILE, f"`{word}.{name}` is not a map; indent its values under it") for name in odd]
            sections[word] = {name: entry for name, entry in section.items() if name not in odd}
    return Shared(sections, problems)


def _advice(word: str) -> str:
    if word in {"trugen", "protection"}:
        return f"what it says is the choice of one stack: move it into the stack files as `trugen-llm:{word}`"
    if word.endswith(("Token", "Tokens", "Key", "Keys", "secretHeaders")):
        return "a secret is stored encrypted in the file of its stack: `pulumi config set --secret`; revoke this one"
    return unknown(word, SECTIONS)


def _over(below: Mapping[str, Any], above: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    return _merged(_without_other_text(below, above, text), above)


def _without_other_text(below: Mapping[str, Any], above: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    """A text and the file that holds it are one value: who declares one of them replaces both."""
    both = {key, f"{key}File"}
    return {name: value for name, value in below.items() if not (name in both and both & above.keys())}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            merged[key] = _merged(below[key], above[key])
    return merged


def _taken(below: Mapping[str, Any], above: Mapping[str, Any], path: str) -> Iterable[str]:
    """Paths of what `_merged` takes from *below*."""
    for key, value in below.items():
        if key not in above:
            yield f"{path}.{key}"
        elif isinstance(value, dict) and isinstance(above[key], dict):
            yield from _taken(value, above[key], f"{path}.{key}")

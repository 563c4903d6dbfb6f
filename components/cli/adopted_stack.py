"""Agents made elsewhere as the text of a stack file: names, LLMs, and comments for what stays unsaid. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from components.agent.adopted import Adopted
from components.cli.yaml_text import comment_lines, mapping_lines, survives
from components.llm.document import HostedLlm, TrugenLlm
from components.stack import prompts
from components.urls import api_root

URL_TO_FILL_IN = "<URL-of-this-LLM-ending-in-its-version>"
_NAME_CHARACTERS = 30
_PROMPT = ("personaPrompt", "personaPromptFile")
_FIRST = ("llm", "adoptAgentId", "agentName", "exactName", "retain", "placement", "personaName", *_PROMPT)
_UNDER = "    "
_HEAD = """\
Written by `python -m components adopt`; deploying it changes none of these agents.
A field that is null stays as it is in TruGen. A field that is not listed is what this project sends anyway, or is
TruGen's own default and not managed; list it to manage it.
`retain: true` keeps the agent in TruGen when its entry or the stack goes. Remove the line to have it deleted then."""


class NotWritableError(Exception):
    """The agent, or its LLM, cannot stand in a stack file; the text says why."""


@dataclass
class _Llm:
    """An entry under `llms`, the agents that use it, and what to say about it."""

    entry: dict[str, Any]
    remarks: list[str]
    users: list[str] = field(default_factory=list)


class AdoptedStack:
    """
    Collects agents and gives each a name.

    Args:
        agents: Names that the stack uses already, and *llms* likewise.
        stack: For the commands in comments.
        prompts_folder: Relative to the project; prompts of several lines become files in it.
    """

    prompts: dict[str, str]
    """Files to write, by their path in the project."""

    def __init__(
        self,
        stack: str | None,
        *,
        agents: Collection[str] = (),
        llms: Collection[str] = (),
        prompts_folder: str | None = None,
    ) -> None:
        self.prompts = {}
        self._prompts_folder = prompts_folder
        self._for_stack = f" --stack {stack}" if stack else ""
        self._taken_agents = set(agents)
        self._taken_llms = set(llms)
        self._names: dict[tuple[str | None, ...], str] = {}
        self._llms: dict[str, _Llm] = {}
        self._agents: dict[str, tuple[dict[str, Any], list[str]]] = {}

    def add(self, agent: Adopted) -> str:
        """
        Take *agent* in; returns its name.

        Raises: NotWritableError.
        """
        name = free_name(agent.entry["agentName"], "agent", self._taken_agents)
        prompt = self._prompt(name, agent.entry["personaPrompt"])
        llm = self._llm(agent)
        self._taken_agents.add(name)
        self._llms[llm].users.append(name)
        declared = {key: value for key, value in agent.entry.items() if key not in _PROMPT}
        lost = {key: "Pulumi would change it" for key, value in declared.items() if not survives(value)}
        entry = {**declared, **dict.fromkeys(lost), **prompt, "llm": llm, "retain": True}
        ordered = {key: entry[key] for key in (*_FIRST, *entry) if key in entry}
        self._agents[name] = ordered, list(_remarks(agent, {**agent.left, **lost}))
        return name

    def _prompt(self, name: str, text: str) -> dict[str, str]:
        """The prompt's own line of the entry: the text, or a file that holds it."""
        if self._prompts_folder is not None and "\n" in text and prompts.fits(text):
            path = f"{self._prompts_folder}/{name}.md"
            self.prompts[path] = text
            return {"personaPromptFile": path}
        if not survives(text):
            raise NotWritableError(
                "its prompt begins with a line end or a tab, which Pulumi drops from a stack file:"
                " give `--prompts-to stacks/agents`"
            )
        return {"personaPrompt": text}

    def text(self, project: str, trugen: Mapping[str, Any] | None) -> str:
        """A whole stack file; without *trugen*, one whose sections are put into an existing file."""
        lines = [*_commented(_HEAD.splitlines(), ""), "config:", f"  {project}:llms:"]
        for name, llm in self._llms.items():
            lines += _commented([*llm.remarks, *self._token_remarks(name, llm)], _UNDER)
            lines += mapping_lines({name: llm.entry}, _UNDER)
        lines.append(f"  {project}:agents:")
        for name, (entry, remarks) in self._agents.items():
            lines += [*_commented(remarks, _UNDER), *mapping_lines({name: entry}, _UNDER)]
        if trugen is not None:
            lines += [f"  {project}:trugen:", *mapping_lines(trugen, _UNDER)]
        return "\n".join(lines) + "\n"

    def _llm(self, agent: Adopted) -> str:
        """The name of the agent's entry under `llms`, made when it is the first to use it."""
        custom = agent.provider == "custom"
        # Two hidden URLs may be different ones.
        key = ("custom", agent.url, agent.model, None if agent.url else agent.id_) if custom else _pair(agent)
        if key not in self._names:
            made = _hosted(agent) if custom else _platform(agent)
            name = free_name(agent.model.rpartition("/")[2], "llm", self._taken_llms)
            self._taken_llms.add(name)
            self._names[key] = name
            self._llms[name] = made
        return self._names[key]

    def _token_remarks(self, name: str, llm: _Llm) -> Iterator[str]:
        if llm.entry["engine"] != "hosted":
            return
        yield f"its token: pulumi config set --secret --path llmTokens.{name}{self._for_stack}"
        if len(llm.users) > 1:
            yield f"for {', '.join(llm.users)}; an agent whose token is another needs an entry of its own"


def _pair(agent: Adopted) -> tuple[str | None, ...]:
    return agent.provider, agent.model


def _platform(agent: Adopted) -> _Llm:
    entry = {"engine": "trugen", "provider": agent.provider, "model": agent.model}
    try:
        TrugenLlm.model_validate(entry)
    except ValidationError as error:
        raise NotWritableError(_why(error)) from None
    return _Llm(entry, [])


def _hosted(agent: Adopted) -> _Llm:
    url, remarks = URL_TO_FILL_IN, []
    try:
        url = api_root(agent.url) if agent.url else URL_TO_FILL_IN
    except ValueError as error:
        # Not shown: it may hold a password.
        remarks.append(f"baseUrl: fill in a URL without what stands in TruGen: it {error}")
    if not agent.url:
        remarks.append("baseUrl: TruGen does not show it; fill in what its dashboard has. Agents may share one entry.")
    elif url not in {agent.url, URL_TO_FILL_IN}:
        remarks.append("baseUrl: TruGen has the same URL with what it appends itself; up shortens it there too")
    entry = {"engine": "hosted", "baseUrl": url, "model": agent.model}
    try:
        HostedLlm.model_validate({**entry, "baseUrl": "https://llm.example.com/v1"})
    except ValidationError as error:
        raise NotWritableError(_why(error)) from None
    return _Llm(entry, remarks)


def _why(error: ValidationError) -> str:
    return "; ".join(
        f"its LLM's {one['loc'][-1]}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()
    )


def _remarks(agent: Adopted, left: Mapping[str, str]) -> Iterator[str]:
    if agent.attached:
        yield f"attached: {', '.join(f'{id_} is {name!r}' for id_, name in agent.attached.items())}"
    if left:
        said = (f"{name} ({reason})" if reason else name for name, reason in left.items())
        yield f"stays as it is: {', '.join(said)}"


def _commented(texts: Iterable[str], indent: str) -> Iterator[str]:
    for text in texts:
        yield from comment_lines(text, indent)


def free_name(text: str, noun: str, taken: Collection[str]) -> str:
    """*text* as a name of a stack file, which Docker and URNs limit to lower-case ASCII, and as none of *taken*."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    slug = slug if slug[:1].isalpha() else f"{noun}-{slug}".rstrip("-")
    name, number = slug[:_NAME_CHARACTERS].rstrip("-"), 1
    while name in taken:
        number += 1
        name = f"{slug[: _NAME_CHARACTERS - len(f'-{number}')].rstrip('-')}-{number}"
    return name

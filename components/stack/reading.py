"""From the config of a stack to its `Settings`, or to everything that is wrong with it. Knows no Pulumi."""

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic.alias_generators import to_snake

from components.llm.document import Llm
from components.stack import attached, prompts, reach, rules, shared
from components.stack.document import AgentSettings, Name, Protection, Settings, TrugenSettings
from components.stack.problems import Problem, SettingsError, explain, unknown

_SECTIONS = ("llms", "agents", "trugen")
_KNOWN = (*_SECTIONS, *attached.SECTIONS, "protection")
_HEADERS = dict[str, dict[str, dict[str, str]]]
_SECRETS = {
    "trugenApiKey": "pulumi config set --secret trugenApiKey",
    "llmTokens": "pulumi config set --secret --path llmTokens.<name of the LLM>",
    "hubTokens": "pulumi config set --secret --path hubTokens.<name of the LLM>",
    "tunnelTokens": "pulumi config set --secret --path tunnelTokens.<name of the LLM>",
    "providerKeys": "pulumi config set --secret --path providerKeys.<name of the LLM>",
    "secretHeaders": "pulumi config set --secret --path secretHeaders.tools.<name of the tool>.<header>",
}

_TOKENS = {
    "llmTokens": rules.tokens,
    "hubTokens": rules.hub_tokens,
    "providerKeys": rules.provider_keys,
    "tunnelTokens": rules.tunnel_tokens,
}


def read(project: str, stack: str, config: Mapping[str, str], encrypted: Collection[str], folder: Path) -> Settings:
    """
    What the *config* of a stack says, on top of the shared defaults.

    Args:
        config: As Pulumi hands it to a program: text by key without namespace, JSON where the file has a map.
        encrypted: The keys of it that the file holds encrypted.
        folder: Of the project, with the files that the stack names.

    Raises:
        SettingsError: with every problem of the stack file, not just the first.
    """
    reader = _Reader(config, encrypted, folder)
    parts = reader.parts()
    if found := reader.shared.told(reader.problems):
        raise SettingsError(stack, found)
    return Settings(project=project, stack=stack, **parts)


class _Reader:
    """Collects problems instead of raising: a person corrects a file once."""

    def __init__(self, config: Mapping[str, str], encrypted: Collection[str], folder: Path) -> None:
        self.problems: list[Problem] = []
        self.shared = shared.read(folder)
        self._config = config
        self._encrypted = encrypted
        self._folder = folder
        self._public = False

    def parts(self) -> dict[str, Any]:
        for word in self._config.keys() - {*_KNOWN, *_SECRETS}:
            self._problem(word, f"unknown key; {unknown(word, {*_KNOWN, *_SECRETS})}")
        trugen: TrugenSettings | None = self._checked("trugen", self._object("trugen"), TrugenSettings)
        self._public = trugen is not None and trugen.api_url is not None
        raw_llms = self._entries("llms")
        llms = self._named("llms", raw_llms, Llm)
        raw_agents = self._entries("agents")
        agents = self._named("agents", self._with_texts("agents", raw_agents), AgentSettings)
        raw_protection = self._object("protection") if "protection" in self._config else {}
        protection = self._checked("protection", raw_protection, Protection)
        self._references(raw_llms, raw_agents)
        self.problems += rules.exact_names(agents)
        self.problems += rules.adopted_once(agents)
        self.problems += rules.ports(llms, trugen)
        self.problems += reach.doors(llms)
        self.problems += rules.tool_calls(llms, agents)
        if trugen is not None:
            self.problems += reach.reachable(llms, trugen)
        return {
            "llms": llms,
            "agents": agents,
            "trugen": trugen,
            "protection": protection,
            **self._confidential(llms, set(raw_llms), trugen),
            **self._attachments(raw_agents),
        }

    def _references(self, raw_llms: dict[str, Any], raw_agents: dict[str, Any]) -> None:
        """From the raw entries: an agent's other mistakes must not hide a wrong name, nor the other way round."""
        llm_of = {
            name: raw["llm"]
            for name, raw in raw_agents.items()
            if isinstance(raw, dict) and isinstance(raw.get("llm"), str)
        }
        self.problems += rules.references(llm_of, set(raw_llms))

    def _confidential(self, llms: dict[str, Any], declared: set[str], trugen: TrugenSettings | None) -> dict[str, Any]:
        key = self._secret("trugenApiKey")
        if trugen is not None:
            self.problems += rules.api_key(key, trugen, from_environment=bool(os.environ.get("TRUGEN_API_KEY")))
        found: dict[str, Any] = {"trugen_api_key": key and SecretStr(key)}
        for name, rule in _TOKENS.items():
            tokens = self._tokens(name)
            self.problems += rule(tokens, llms, declared)
            found[to_snake(name)] = {llm: SecretStr(token) for llm, token in tokens.items()}
        return found

    def _attachments(self, raw_agents: dict[str, Any]) -> dict[str, Any]:
        raw = {key: self._entries(key) if key in self._config else {} for key in attached.SECTIONS}
        entries = {
            key: self._named(key, self._with_texts(key, raw[key]), section.shape)
            for key, section in attached.SECTIONS.items()
        }
        headers = self._headers()
        users = {("agents", name): one for name, one in raw_agents.items()}
        users |= {("templates", name): one for name, one in raw["templates"].items()}
        maps = {".".join(path): one for path, one in users.items() if isinstance(one, dict)}
        self.problems += attached.references(maps, raw)
        agents = {name: one for name, one in raw_agents.items() if isinstance(one, dict)}
        self.problems += attached.function_names(agents, entries["tools"])
        self.problems += attached.documents(entries["knowledgeBases"])
        self.problems += attached.secret_headers(headers, raw)
        for key in attached.SECTIONS:
            self.problems += attached.exact_names(key, entries[key])
            self.problems += attached.plain_credentials(key, raw[key])
        return {**{to_snake(key): found for key, found in entries.items()}, "secret_headers": headers}

    def _problem(self, path: str, text: str) -> None:
        self.problems.append(Problem(path, text))

    def _entries(self, section: str) -> dict[str, Any]:
        return self.shared.beneath(section, self._object(section))

    def _object(self, key: str) -> dict[str, Any]:
        if key not in self._config:
            self._problem(key, "is missing")
            return {}
        try:
            value = json.loads(self._config[key])
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value
        self._problem(key, "is not a map; indent its entries under it")
        return {}

    def _named(self, section: str, entries: dict[str, Any], shape: Any) -> dict[str, Any]:
        """Check each entry on its own, so that a bad one does not hide the problems of the next."""
        checked = {}
        for name, raw in entries.items():
            path = f"{section}.{name}"
            entry = self._checked(path, raw, shape)
            if self._checked(path, name, Name) is not None and entry is not None:
                checked[name] = entry
        return checked

    def _checked(self, path: str, raw: Any, shape: Any) -> Any:
        adapter: TypeAdapter[Any] = TypeAdapter(shape)
        try:
            # As JSON and strictly: "8080", "yes" and 1 are then not taken for 8080 and true.
            return adapter.validate_json(json.dumps(raw), strict=True, by_name=False, context={"public": self._public})
        except ValidationError as error:
            self.problems += explain(error, path, shape)
            return None

    def _with_texts(self, section: str, entries: dict[str, Any]) -> dict[str, Any]:
        key = shared.TEXTS.get(section)
        return {name: self._with_text(f"{section}.{name}", raw, key) if key else raw for name, raw in entries.items()}

    def _with_text(self, path: str, raw: Any, key: str) -> Any:
        """*raw* with the text of the file `<key>File` as its *key*."""
        from_file = f"{key}File"
        if not isinstance(raw, dict) or from_file not in raw:
            return raw
        entry = {other: value for other, value in raw.items() if other != from_file}
        if key in entry:
            self._problem(path, f"has both `{key}` and `{from_file}`; keep one")
            return entry
        try:
            return entry | {key: prompts.read(self._folder, str(raw[from_file]))}
        except ValueError as error:
            self._problem(f"{path}.{from_file}", str(error))
            # Stands in for the text, so that the entry's other problems are found and this one is not told twice.
            return entry | {key: "unreadable"}

    def _secret(self, key: str) -> str | None:
        text = self._config.get(key)
        # `pulumi config rm --path llmTokens.main` leaves an empty map.
        if text is None or text == "{}":
            return None
        if key not in self._encrypted:
            self._problem(
                key,
                "is stored as plain text and must count as disclosed. Revoke it, remove it (`pulumi config rm"
                f" {key}`) and store a new one encrypted: `{_SECRETS[key]}`",
            )
        return str(text)

    def _tokens(self, key: str) -> dict[str, str]:
        text = self._secret(key)
        if text is None:
            return {}
        try:
            tokens = json.loads(text)
        except ValueError:
            tokens = None
        if isinstance(tokens, dict) and all(isinstance(token, str) for token in tokens.values()):
            return tokens
        self._problem(key, f"is not a map of LLM names to tokens; set each with `{_SECRETS[key]}`")
        return {}

    def _headers(self) -> dict[str, dict[str, dict[str, str]]]:
        """By section, name and header."""
        text = self._secret("secretHeaders")
        if text is None:
            return {}
        try:
            given: dict[str, dict[str, dict[str, str]]] = TypeAdapter(_HEADERS).validate_json(text, strict=True)
        except ValidationError:
            self._problem("secretHeaders", f"is not what it should be; set each with `{_SECRETS['secretHeaders']}`")
            return {}
        return given

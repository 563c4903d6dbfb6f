"""The stack file, read once. The only module that knows Pulumi's config; everything else gets `Settings`."""

import json
import os
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret
from pydantic import SecretStr, TypeAdapter, ValidationError

from components.llm.document import Llm
from components.stack import prompts, rules
from components.stack.document import AgentSettings, Name, Settings, TrugenSettings
from components.stack.problems import Problem, SettingsError, explain, unknown

_PROJECT_FOLDER = Path(__file__).resolve().parents[1]
_SECTIONS = ("llms", "agents", "trugen")
_SECRETS = {
    "trugenApiKey": "pulumi config set --secret trugenApiKey",
    "llmTokens": "pulumi config set --secret --path llmTokens.<name of the LLM>",
}


def load() -> Settings:
    """
    Read the settings of the current stack.

    Raises:
        SettingsError: with every problem of the stack file, not just the first.
    """
    reader = _Reader(pulumi.get_project())
    parts = reader.parts()
    if reader.problems:
        raise SettingsError(pulumi.get_stack(), reader.problems)
    return Settings(project=pulumi.get_project(), stack=pulumi.get_stack(), **parts)


class _Reader:
    """Collects problems instead of raising: a person corrects a file once."""

    def __init__(self, project: str) -> None:
        self.problems: list[Problem] = []
        self._public = False
        self._namespace = f"{project}:"
        mine = {key: value for key, value in CONFIG.get().items() if key.startswith(self._namespace)}
        self._config = {key.removeprefix(self._namespace): value for key, value in mine.items()}

    def parts(self) -> dict[str, Any]:
        for word in self._config.keys() - {*_SECTIONS, *_SECRETS}:
            self._problem(word, f"unknown key; {unknown(word, {*_SECTIONS, *_SECRETS})}")
        trugen: TrugenSettings | None = self._checked("trugen", self._object("trugen"), TrugenSettings)
        self._public = trugen is not None and trugen.api_url is not None
        raw_llms = self._object("llms")
        llms = self._named("llms", raw_llms, Llm)
        raw_agents = self._object("agents")
        agents = self._named("agents", self._with_prompts(raw_agents), AgentSettings)
        key = self._secret("trugenApiKey")
        tokens = self._tokens()

        # From the raw entries: an agent's other mistakes must not hide a wrong name, nor the other way round.
        llm_of = {
            name: raw["llm"]
            for name, raw in raw_agents.items()
            if isinstance(raw, dict) and isinstance(raw.get("llm"), str)
        }
        self.problems += rules.references(llm_of, set(raw_llms))
        self.problems += rules.exact_names(agents)
        self.problems += rules.adopted_once(agents)
        self.problems += rules.ports(llms, trugen)
        self.problems += rules.tokens(tokens, llms, set(raw_llms))
        if trugen is not None:
            self.problems += rules.reachable(llms, trugen)
            self.problems += rules.api_key(key, trugen, from_environment=bool(os.environ.get("TRUGEN_API_KEY")))
        return {
            "llms": llms,
            "agents": agents,
            "trugen": trugen,
            "trugen_api_key": key and SecretStr(key),
            "llm_tokens": {name: SecretStr(token) for name, token in tokens.items()},
        }

    def _problem(self, path: str, text: str) -> None:
        self.problems.append(Problem(path, text))

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

    def _with_prompts(self, agents: dict[str, Any]) -> dict[str, Any]:
        return {name: self._with_prompt(f"agents.{name}", raw) for name, raw in agents.items()}

    def _with_prompt(self, path: str, raw: Any) -> Any:
        """*raw* with the text of `personaPromptFile` as its `personaPrompt`."""
        if not isinstance(raw, dict) or "personaPromptFile" not in raw:
            return raw
        agent = {key: value for key, value in raw.items() if key != "personaPromptFile"}
        if "personaPrompt" in agent:
            self._problem(path, "has both `personaPrompt` and `personaPromptFile`; keep one")
            return agent
        try:
            return agent | {"personaPrompt": prompts.read(_PROJECT_FOLDER, str(raw["personaPromptFile"]))}
        except ValueError as error:
            self._problem(f"{path}.personaPromptFile", str(error))
            # Stands in for the prompt, so that the agent's other problems are found and this one is not told twice.
            return agent | {"personaPrompt": "unreadable"}

    def _secret(self, key: str) -> str | None:
        text = self._config.get(key)
        if text is None:
            return None
        if not is_config_secret(f"{self._namespace}{key}"):
            self._problem(
                key,
                "is stored as plain text and must count as disclosed. Revoke it, remove it (`pulumi config rm"
                f" {key}`) and store a new one encrypted: `{_SECRETS[key]}`",
            )
        return str(text)

    def _tokens(self) -> dict[str, str]:
        text = self._secret("llmTokens")
        if text is None:
            return {}
        try:
            tokens = json.loads(text)
        except ValueError:
            tokens = None
        if isinstance(tokens, dict) and all(isinstance(token, str) for token in tokens.values()):
            return tokens
        self._problem("llmTokens", f"is not a map of LLM names to tokens; set each with `{_SECRETS['llmTokens']}`")
        return {}

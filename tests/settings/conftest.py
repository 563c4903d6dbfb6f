"""A stack in memory: its config as YAML would give it, read by the real `settings.load`."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from components import settings
from components.stack import shared
from components.stack.document import Settings
from components.stack.problems import SettingsError
from tests.fixtures.stack_schemas import STACK, as_file, complaints

PROJECT = "trugen-llm"

Stack = dict[str, Any]
Load = Callable[..., Settings]


class NoResources(pulumi.runtime.Mocks):
    """Settings are read before any resource exists."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise AssertionError(f"{args.name} was created while settings were read")

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"{args.token} was called while settings were read")


@pytest.fixture(autouse=True)
def pulumi_program(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TRUGEN_API_KEY", raising=False)
    pulumi.runtime.set_mocks(NoResources(), project=PROJECT, stack="test")
    yield
    set_all_config({}, [])


@pytest.fixture(autouse=True)
def share(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the text of `stacks/shared.yaml`; the repository's own is not read here."""

    def given(text: str) -> None:
        monkeypatch.setattr(shared, "read", lambda _project: shared.parsed(text))

    given("")
    return given


@pytest.fixture
def stack() -> Stack:
    """A good stack; tests change one thing."""
    return {
        "llms": {"main": {"engine": "ollama", "model": "llama3.2:1b"}},
        "agents": {"ada": {"llm": "main", "agentName": "Ada", "personaPrompt": "You are Ada."}},
        "trugen": {"sandbox": {}},
    }


@pytest.fixture
def cloud_stack() -> Stack:
    """A good stack on the real TruGen; its key is given to `load`."""
    return {
        "llms": {"main": {"engine": "hosted", "baseUrl": "https://llm.example.com/v1", "model": "m-1"}},
        "agents": {"ada": {"llm": "main", "agentName": "Ada", "personaPrompt": "You are Ada."}},
        "trugen": {"apiUrl": "https://api.trugen.ai/v1"},
    }


@pytest.fixture
def load() -> Load:
    """Read a stack; *secrets* are the keys stored encrypted, *plain* such that should be and are not."""

    def read(stack: Mapping[str, Any], secrets: Mapping[str, Any] | None = None, **plain: str) -> Settings:
        encrypted = secrets or {}
        values = {**stack, **encrypted, **plain}
        texts = {
            f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()
        }
        set_all_config(texts, [f"{PROJECT}:{key}" for key in encrypted])
        read_settings = settings.load()
        # An editor must not underline what is good.
        assert complaints(STACK, as_file(stack, encrypted)) == []
        return read_settings

    return read


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """The lines of the error that a stack is refused with, without head and foot."""

    def refused(stack: Mapping[str, Any], secrets: Mapping[str, Any] | None = None, **plain: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load(stack, secrets, **plain)
        return [line.strip() for line in str(caught.value).splitlines()[1:-1]]

    return refused

"""What the Docker objects of one LLM are called, and how they are told from anybody else's."""

from collections.abc import Mapping
from dataclasses import dataclass

_PROJECT, _STACK, _LLM = "trugen-llm.project", "trugen-llm.stack", "trugen-llm.llm"


@dataclass(frozen=True)
class Names:
    """The same on every run, so that nothing is made twice."""

    project: str
    stack: str
    llm: str

    @property
    def container(self) -> str:
        return f"{self.project}-{self.stack}-{self.llm}"

    def volume(self, engine: str) -> str:
        """One for each engine: at a change of engine the old volume goes only after the new one is there."""
        return f"{self.container}-{'models' if engine == 'ollama' else engine.replace('.', '-')}"

    @property
    def owner(self) -> Mapping[str, str]:
        """Labels that say whose it is."""
        return {_PROJECT: self.project, _STACK: self.stack, _LLM: self.llm}

    def same_stack(self, labels: Mapping[str, str]) -> bool:
        return labels.get(_PROJECT) == self.project and labels.get(_STACK) == self.stack

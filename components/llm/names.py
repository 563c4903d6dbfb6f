"""What the Docker objects of one LLM are called, and how they are told from anybody else's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_PROJECT, _STACK, _LLM = "trugen-llm.project", "trugen-llm.stack", "trugen-llm.llm"
SLOT_LABEL, SPEC_LABEL = "trugen-llm.slot", "trugen-llm.spec"

Slot = Literal["a", "b"]
"""A place for an engine: with two of them, a new one is proven beside the one that serves."""
SLOTS: tuple[Slot, Slot] = ("a", "b")


@dataclass(frozen=True)
class Names:
    """The same on every run, so that nothing is made twice."""

    project: str
    stack: str
    llm: str

    @property
    def container(self) -> str:
        return f"{self.project}-{self.stack}-{self.llm}"

    def engine(self, slot: Slot) -> str:
        return f"{self.container}-{slot}"

    @property
    def relay(self) -> str:
        return f"{self.container}-relay"

    @property
    def gateway(self) -> str:
        """Container, and the volume with what it reads for each request."""
        return f"{self.container}-gateway"

    @property
    def certificates(self) -> str:
        """Volume of those that the gateway gets or makes itself."""
        return f"{self.container}-certificates"

    @property
    def tunnel(self) -> str:
        return f"{self.container}-tunnel"

    @property
    def private_network(self) -> str:
        """Engines, relay and gateway; not even this machine has a route to it."""
        return f"{self.container}-private"

    @property
    def front_network(self) -> str:
        """The gateway, and who calls it."""
        return f"{self.container}-front"

    @property
    def egress_network(self) -> str:
        """The way out, for an engine that has to fetch something."""
        return f"{self.container}-egress"

    def volume(self, engine: str) -> str:
        """One for each engine: at a change of engine the old volume goes only after the new one is there."""
        return f"{self.container}-{'models' if engine == 'ollama' else engine.replace('.', '-')}"

    @property
    def owner(self) -> Mapping[str, str]:
        """Labels that say whose it is."""
        return {_PROJECT: self.project, _STACK: self.stack, _LLM: self.llm}

    def engine_labels(self, slot: Slot, mark: str) -> Mapping[str, str]:
        """Labels of the engine in *slot*; *mark* tells it from a differently declared one."""
        return {**self.owner, SLOT_LABEL: slot, SPEC_LABEL: mark}

    def same_stack(self, labels: Mapping[str, str]) -> bool:
        return labels.get(_PROJECT) == self.project and labels.get(_STACK) == self.stack

    def other_llm(self, labels: Mapping[str, str]) -> str | None:
        """Whose container of this stack bears *labels*; None for this LLM's own."""
        return None if labels.get(_LLM) == self.llm else labels.get(_LLM)


def alias(slot: Slot) -> str:
    """What the engine in *slot* is called on the private network."""
    return f"engine-{slot}"


def slot_at(address: str) -> Slot | None:
    """The slot of `engine-a:11434`; None for anything else."""
    return next((slot for slot in SLOTS if address.startswith(f"{alias(slot)}:")), None)

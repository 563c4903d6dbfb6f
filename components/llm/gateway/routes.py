"""
Which engine answers a request: the gateway's file `routes.json`. Pure.

The relay reads it for each request; an address is an engine's name and port on the private network.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from components.llm.names import slot_at


@dataclass(frozen=True)
class Routes:
    """*live* answers whatever names no model of *models*; those are addresses by model name."""

    live: str
    models: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """None for a file that is missing, empty or damaged: then nobody is live."""
        try:
            fields = json.loads(text or "")
            return cls(str(fields["live"]), {str(model): str(address) for model, address in fields["models"].items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def __str__(self) -> str:
        """One line, since it travels in a header; ASCII for the same reason."""
        return json.dumps({"live": self.live, "models": dict(sorted(self.models.items()))})

    def moved_to(self, address: str, model: str) -> "Routes":
        """*address* goes live with *model*; who still names another model finds it where it was."""
        return Routes(address, {**self.models, model: address})

    def lead_to(self, address: str) -> bool:
        """Whether some traffic goes to the engine at *address*, be it to another port of it."""
        return slot_at(address) in {slot_at(at) for at in (self.live, *self.models.values())}


def only(address: str, model: str) -> Routes:
    """All traffic to *address*, which serves *model*."""
    return Routes(address, {model: address})

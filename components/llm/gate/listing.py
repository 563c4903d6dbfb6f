"""What a server says it has: the models it serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.llm.gate.calls import Caller
from components.llm.gate.exchange import Request
from components.llm.gate.setback import Setback
from components.llm.providers import provider_at

POLL_LIMIT_S = 5.0
_OK = 200
# The routes of these answers exist nowhere or not for us: a gateway that lets only chat through.
_NOT_LISTED = {404, 405}
# Not to a bearer, or not to ours: Anthropic lists to `x-api-key` alone, and gateways guard path by path.
_WITHHELD = {401, 403}


@dataclass(frozen=True)
class Listing:
    """
    *models* are entries by name, with whatever a server tells of them; None when it lists nothing at all.

    *withheld* is the refusal of our token, which may be good for chat all the same.
    """

    models: Mapping[str, Mapping[str, Any]] | None
    withheld: Setback | None = None

    @property
    def names(self) -> Sequence[str] | None:
        return None if self.models is None else tuple(self.models)

    def has(self, model: str) -> bool:
        return self.models is not None and bool({model, f"{model}:latest"} & set(self.models))

    def entry(self, model: str) -> Mapping[str, Any]:
        """What is told of *model*; empty for nothing."""
        return (self.models or {}).get(model, {})

    def shown(self) -> str:
        names = list(self.names or ())
        rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return (", ".join(names[:_SHOWN]) or "no model") + rest


_SHOWN = 8


def openai_listing(caller: Caller, base_url: str, token: str | None) -> Listing:
    """
    `GET {base_url}/models`, which is also the cheapest proof that somebody answers there.

    Raises:
        Setback: nobody answers.
    """
    answer = caller.answer(models_request(base_url, token), limit_s=POLL_LIMIT_S)
    if answer.status not in {_OK, *_NOT_LISTED}:
        setback = caller.setback(answer)
        if answer.status not in _WITHHELD:
            raise setback
        return Listing(None, withheld=setback)
    # Together answers with the bare list.
    fields = answer.fields()
    return Listing(_by_name(fields.get("data") if isinstance(fields, dict) else fields, "id"))


def models_request(base_url: str, token: str | None) -> Request:
    """The request for the models at *base_url*, as whoever is known to be there wants it."""
    url, known = f"{base_url}/models", provider_at(base_url)
    if known is None or known.list_headers is None or token is None:
        return Request("GET", url, token)
    return Request("GET", url, headers={name: value.format(key=token) for name, value in known.list_headers.items()})


def ollama_listing(caller: Caller, api_url: str, token: str | None) -> Listing:
    """`GET {api_url}/api/tags`: what is on disk; nothing known when a gateway keeps the route to itself."""
    answer = caller.answer(Request("GET", f"{api_url}/api/tags", token), limit_s=POLL_LIMIT_S)
    fields = answer.fields() if answer.status == _OK else None
    return Listing(_by_name(fields.get("models") if isinstance(fields, dict) else None, "name"))


def _by_name(entries: Any, key: str) -> dict[str, Mapping[str, Any]] | None:
    if not isinstance(entries, list):
        return None
    named = ((entry.get(key), entry) for entry in entries if isinstance(entry, dict))
    return {name: entry for name, entry in named if isinstance(name, str)}

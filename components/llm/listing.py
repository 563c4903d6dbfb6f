"""What a server says it has: served model names and, from Ollama, what the model can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.llm.calls import Caller
from components.llm.exchange import Request
from components.llm.setback import setback_from_answer

POLL_LIMIT_S = 5.0
_OK = 200
# The routes of these answers exist nowhere or not for us: a gateway that lets only chat through.
_NOT_LISTED = {404, 405}


@dataclass(frozen=True)
class Listing:
    """*names* is None when the server lists nothing at all."""

    names: Sequence[str] | None

    def has(self, model: str) -> bool:
        return self.names is not None and bool({model, f"{model}:latest"} & set(self.names))

    def shown(self) -> str:
        names = list(self.names or ())
        rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return (", ".join(names[:_SHOWN]) or "no model") + rest


_SHOWN = 8


def openai_listing(caller: Caller, base_url: str, token: str | None) -> Listing:
    """
    `GET {base_url}/models`, which is also the cheapest proof that somebody answers there.

    Raises:
        Setback: nobody answers, or not to us.
    """
    answer = caller.answer(Request("GET", f"{base_url}/models", token), limit_s=POLL_LIMIT_S)
    if answer.status not in {_OK, *_NOT_LISTED}:
        raise setback_from_answer(answer.status, answer.headers, caller.redacted(answer.message()))
    # Together answers with the bare list.
    fields = answer.fields()
    return Listing(_names(fields.get("data") if isinstance(fields, dict) else fields, "id"))


def ollama_listing(caller: Caller, api_url: str, token: str | None) -> Listing:
    """`GET {api_url}/api/tags`: what is on disk; nothing known when a gateway keeps the route to itself."""
    answer = caller.answer(Request("GET", f"{api_url}/api/tags", token), limit_s=POLL_LIMIT_S)
    fields = answer.fields() if answer.status == _OK else None
    return Listing(_names(fields.get("models") if isinstance(fields, dict) else None, "name"))


def ollama_capabilities(caller: Caller, api_url: str, token: str | None, model: str) -> Mapping[str, Any]:
    """`POST {api_url}/api/show`: features, and the longest context the model was made for; empty when not told."""
    request = Request("POST", f"{api_url}/api/show", token, {"model": model})
    answer = caller.answer(request, limit_s=POLL_LIMIT_S)
    fields = answer.fields() if answer.status == _OK else None
    if not isinstance(fields, dict):
        return {}
    features = [feature for feature in fields.get("capabilities") or () if isinstance(feature, str)]
    info = fields.get("model_info")
    contexts = [info[key] for key in info if key.endswith(".context_length")] if isinstance(info, dict) else []
    return {"features": features, **({"max_context_tokens": contexts[0]} if contexts else {})}


def _names(entries: Any, key: str) -> list[str] | None:
    if not isinstance(entries, list):
        return None
    found = (entry.get(key) for entry in entries if isinstance(entry, dict))
    return [name for name in found if isinstance(name, str)]

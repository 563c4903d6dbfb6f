"""Which engine answers at a URL, by its own word. Only reads; never by a port or the look of a model's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from components.llm.gate.calls import Answer, Caller
from components.llm.gate.exchange import Request
from components.llm.gate.listing import POLL_LIMIT_S
from components.llm.gate.setback import Setback
from components.llm.gate.target import engine_root
from components.llm.providers import provider_at

UNKNOWN = "other"
_OK = 200
# Azure's customers have a name each; Together's older name is still common.
_MORE_HOSTED = (".openai.azure.com", "api.together.xyz")


@dataclass(frozen=True)
class Recognised:
    """*sign* says by what, and is as the server wrote it: not fit to print."""

    engine: str
    sign: str


def hosted(base_url: str) -> Recognised | None:
    """A provider that charges for every completion, by its address: nobody is asked."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    known = parts.scheme == "https" and (provider_at(base_url) is not None or host.endswith(_MORE_HOSTED))
    return Recognised("hosted", f"by its address {host}") if known else None


def recognised(caller: Caller, base_url: str, token: str | None) -> Recognised:
    """
    Ask up to five read-only routes; the first sign counts.

    An error, a refusal or a page of somebody else is no sign. What remains is the engine `other`.
    """
    ask = _Asking(caller, base_url, token)
    signs = (sign(ask) for sign in _SIGNS)
    return next((found for found in signs if found is not None), Recognised(UNKNOWN, "as it does not say which"))


class _Asking:
    def __init__(self, caller: Caller, base_url: str, token: str | None) -> None:
        self._caller = caller
        self._base_url = base_url
        self._token = token

    def listed(self) -> Mapping[str, Any]:
        return self.fields(f"{self._base_url}/models")

    def own(self, path: str) -> Mapping[str, Any]:
        """Of a route outside of `/v1`."""
        return self.fields(self.root_url + path)

    def fields(self, url: str) -> Mapping[str, Any]:
        answer = self.answer(url)
        fields = answer.fields() if answer else None
        return fields if isinstance(fields, dict) else {}

    def answer(self, url: str) -> Answer | None:
        try:
            answer = self._caller.answer(Request("GET", url, self._token), limit_s=POLL_LIMIT_S)
        except Setback:
            return None
        return answer if answer.status == _OK else None

    @property
    def root_url(self) -> str:
        return engine_root(self._base_url)


# vllm-project/vllm at v0.33.0, vllm/entrypoints/openai/models/protocol.py; ggml-org/llama.cpp at b11434,
# tools/server/server-context.cpp; sgl-project/sglang at v0.5.23, srt/entrypoints/openai/protocol.py.
_OWNERS = {"vllm": "vllm", "llamacpp": "llama.cpp", "sglang": "sglang"}


def _owner(ask: _Asking) -> Recognised | None:
    entries = ask.listed().get("data")
    for entry in entries if isinstance(entries, list) else ():
        owner = entry.get("owned_by") if isinstance(entry, dict) else None
        if isinstance(owner, str) and owner in _OWNERS:
            return Recognised(_OWNERS[owner], f"by /models: owned_by {owner}")
    return None


def _llama_cpp(ask: _Asking) -> Recognised | None:
    # Older builds name no owner of their own.
    props = ask.own("/props")
    told = isinstance(props.get("default_generation_settings"), dict) and "total_slots" in props
    return Recognised("llama.cpp", f"by /props: build {props.get('build_info', 'unknown')}") if told else None


def _ollama(ask: _Asking) -> Recognised | None:
    version = ask.own("/api/version").get("version")
    return Recognised("ollama", f"by /api/version: {version}") if isinstance(version, str) else None


def _tgi(ask: _Asking) -> Recognised | None:
    # huggingface/text-generation-inference at db931fc, router/src/lib.rs: Info.
    info = ask.own("/info")
    told = isinstance(info.get("model_id"), str) and "max_total_tokens" in info
    return Recognised("tgi", f"by /info: version {info.get('version', 'unknown')}") if told else None


def _litellm(ask: _Asking) -> Recognised | None:
    # 1.105.3, litellm/proxy/health_endpoints/_health_endpoints.py; it lists what it serves as owned by openai.
    answer = ask.answer(f"{ask.root_url}/health/liveliness")
    alive = answer is not None and answer.fields() == "I'm alive!"
    return Recognised("litellm", "by /health/liveliness: I'm alive!") if alive else None


_SIGNS: tuple[Callable[[_Asking], Recognised | None], ...] = (_owner, _llama_cpp, _ollama, _tgi, _litellm)

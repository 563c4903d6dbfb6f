"""
What a model can do and how it runs, as far as its server tells: one query per engine, all read-only.

A question that is refused (a gateway keeps the route, an older release lacks it) leaves that fact unknown.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.llm.gate.calls import Caller
from components.llm.gate.exchange import Request
from components.llm.gate.listing import POLL_LIMIT_S, Listing
from components.llm.gate.target import Target, engine_root

_OK = 200
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}")
_MOST_WORDS = 20
_MOST_COUNT = 2**50  # bytes and tokens; JSON knows numbers that neither a float nor a state can hold


@dataclass(frozen=True)
class Capabilities:
    """
    `features` are Ollama's words: `tools`, `vision`, `thinking`…; what is in neither `features` nor `lacks` is unknown.

    `context_tokens` is the window a request gets, `max_context_tokens` what the model was made for. `device` is the
    server's word for where it computes, and `gpu_share` the part of the model in GPU memory, from 0 to 1.
    """

    features: tuple[str, ...] = ()
    lacks: frozenset[str] = frozenset()
    context_tokens: int | None = None
    max_context_tokens: int | None = None
    device: str | None = None
    gpu_share: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; what is not known is left out."""
        facts: dict[str, Any] = {
            "features": list(self.features) or None,
            "context_tokens": self.context_tokens,
            "max_context_tokens": self.max_context_tokens,
            "device": self.device,
        }
        return {key: value for key, value in facts.items() if value is not None}


@dataclass(frozen=True)
class Asking:
    """Asks one server; the URL is its root, where engines keep the routes of their own."""

    caller: Caller
    target: Target

    def get(self, path: str) -> Mapping[str, Any]:
        return self._fields("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._fields("POST", path, body)

    def _fields(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        url = engine_root(self.target.base_url) + path
        answer = self.caller.answer(Request(method, url, self.target.base_token, body), limit_s=POLL_LIMIT_S)
        fields = answer.fields() if answer.status == _OK else None
        return fields if isinstance(fields, dict) else {}


def capabilities_of(caller: Caller, target: Target, listing: Listing) -> Capabilities:
    """
    Raises:
        Setback: nobody answers.
    """
    query = QUERIES.get(target.engine)
    entry = listing.entry(target.model)
    return _listed(entry) if query is None else query(Asking(caller, target), entry)


def _ollama(asking: Asking, _: Mapping[str, Any]) -> Capabilities:
    # ollama/ollama at v0.24.0, api/types.go: ShowResponse and ProcessModelResponse.
    model = asking.target.model
    show = asking.post("/api/show", {"model": model})
    features = _words(show.get("capabilities"))
    info = _mapping(show.get("model_info"))
    running = _running(asking.get("/api/ps"), model)
    share = _share(running.get("size_vram"), running.get("size"))
    return Capabilities(
        features=features,
        lacks=frozenset({"tools", "vision"} - set(features)) if features else frozenset(),
        context_tokens=_count(running.get("context_length")),
        max_context_tokens=next((_count(info[key]) for key in info if key.endswith(".context_length")), None),
        device=None if share is None else {0.0: "cpu", 1.0: "gpu"}.get(share, "gpu and cpu"),
        gpu_share=share,
    )


def _running(processes: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    models = processes.get("models")
    entries = [_mapping(entry) for entry in models] if isinstance(models, list) else []
    return next((entry for entry in entries if entry.get("name") in (model, f"{model}:latest")), {})


def _llama_cpp(asking: Asking, entry: Mapping[str, Any]) -> Capabilities:
    # ggml-org/llama.cpp at b11434, tools/server/server-context.cpp: get_res_props. `n_ctx` is that of one slot.
    props = asking.get("/props")
    modalities, template = _mapping(props.get("modalities")), _mapping(props.get("chat_template_caps"))
    tells = {"vision": modalities.get("vision"), "tools": template.get("supports_tools")}
    return Capabilities(
        features=tuple(sorted(feature for feature, has in tells.items() if has is True)),
        # Not `tools`: for a template without them llama.cpp writes a prompt of its own.
        lacks=frozenset({"vision"} if tells["vision"] is False else ()),
        context_tokens=_count(_mapping(props.get("default_generation_settings")).get("n_ctx")),
        max_context_tokens=_count(_mapping(entry.get("meta")).get("n_ctx_train")),
    )


def _vllm(_: Asking, entry: Mapping[str, Any]) -> Capabilities:
    # vllm-project/vllm at v0.33.0, vllm/entrypoints/openai/models/serving.py.
    return Capabilities(context_tokens=_count(entry.get("max_model_len")))


def _sglang(asking: Asking, entry: Mapping[str, Any]) -> Capabilities:
    # sgl-project/sglang at v0.5.23, srt/entrypoints/http_server.py. Its older names for the two routes still answer,
    # and older releases know only those.
    model = asking.get("/model_info") or asking.get("/get_model_info")
    server = asking.get("/server_info") or asking.get("/get_server_info")
    parser = model if "tool_call_parser" in model else server
    tells = {
        "vision": model.get("has_image_understanding"),
        "tools": bool(parser["tool_call_parser"]) if "tool_call_parser" in parser else None,
    }
    device = server.get("device")
    return Capabilities(
        features=tuple(sorted(feature for feature, has in tells.items() if has is True)),
        lacks=frozenset(feature for feature, has in tells.items() if has is False),
        context_tokens=_count(entry.get("max_model_len")),
        device=_word(device),
        gpu_share=_share_on(device),
    )


def _tgi(asking: Asking, _: Mapping[str, Any]) -> Capabilities:
    # huggingface/text-generation-inference at db931fc, router/src/lib.rs: Info. It named `model_device_type` up to 2.x.
    info = asking.get("/info")
    device = info.get("model_device_type")
    return Capabilities(
        context_tokens=_count(info.get("max_total_tokens")),
        device=_word(device),
        gpu_share=_share_on(device),
    )


# Words of the API references for the same thing: Groq, OpenRouter and Together, Mistral; vLLM and SGLang; LiteLLM.
_WINDOW_KEYS = ("context_window", "context_length", "max_context_length", "max_model_len", "max_input_tokens")


def _listed(entry: Mapping[str, Any]) -> Capabilities:
    return Capabilities(context_tokens=next((size for key in _WINDOW_KEYS if (size := _count(entry.get(key)))), None))


Query = Callable[[Asking, Mapping[str, Any]], Capabilities]
QUERIES: Mapping[str, Query] = {
    "ollama": _ollama,
    "llama.cpp": _llama_cpp,
    "vllm": _vllm,
    "sglang": _sglang,
    "tgi": _tgi,
}
_GPU_DEVICES = {"cuda", "rocm", "hip", "xpu", "musa", "mps"}


def _share_on(device: Any) -> float | None:
    if device == "cpu":
        return 0.0
    # PyTorch's word for AMD, too, is cuda.
    return 1.0 if isinstance(device, str) and device.partition(":")[0] in _GPU_DEVICES else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_COUNT
    return value if known else None


def _share(part: Any, whole: Any) -> float | None:
    size, held = _count(whole), 0 if part == 0 else _count(part)
    return None if size is None or held is None else min(1.0, held / size)


def _words(values: Any) -> tuple[str, ...]:
    """What a server calls something ends up in outputs, so anything but a plain word is not told."""
    given = values if isinstance(values, list) else []
    return tuple(value for value in given if isinstance(value, str) and _WORD.fullmatch(value))[:_MOST_WORDS]


def _word(value: Any) -> str | None:
    return next(iter(_words([value])), None)

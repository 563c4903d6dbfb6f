"""What each engine tells of a model, with the answers that its source or public logs show."""

import time
from typing import Any

import pytest

from components.llm.gate.calls import Caller
from components.llm.gate.capabilities import Capabilities, capabilities_of
from components.llm.gate.listing import openai_listing
from components.llm.gate.target import Target
from components.redaction import Redactor
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, answer, ollama_routes, raw_answer, refuse, stream

GIB = 2**30


def told(engine: str, routes: dict[str, Any] | None = None, *, entry: dict[str, Any] | None = None) -> Capabilities:
    """*routes*: JSON bodies by path; *entry*: what `/v1/models` says of the model beside its id."""
    acts = {path: body if callable(body) else answer(200, body) for path, body in (routes or {}).items()}
    models = answer(200, {"object": "list", "data": [{"id": MODEL, **(entry or {})}]})
    caller = Caller(Redactor(), clock=time.monotonic, tick=lambda: None, heard=lambda: None)
    with ScriptedLlm([stream()], models=models, routes=acts) as llm:
        target = Target(llm.base_url, MODEL, engine)
        return capabilities_of(caller, target, openai_listing(caller, llm.base_url, None))


def running(**others: Any) -> dict[str, Any]:
    return {"models": [{"name": "other", "size": 1, "size_vram": 1, "context_length": 1}, {"name": MODEL, **others}]}


def test_ollama_tells_features_and_the_length_the_model_was_made_for() -> None:
    known = told("ollama", dict(ollama_routes(MODEL, capabilities=["completion", "tools"])))

    assert ("completion", "tools") == known.features
    assert {"vision"} == known.lacks
    assert 8192 == known.max_context_tokens
    assert (None, None) == (known.context_tokens, known.gpu_share)


@pytest.mark.parametrize(
    ("in_vram", "device", "share"), [(4 * GIB, "gpu", 1.0), (GIB, "gpu and cpu", 0.25), (0, "cpu", 0.0)]
)
def test_a_loaded_ollama_model_tells_its_window_and_where_it_is(in_vram: int, device: str, share: float) -> None:
    known = told("ollama", {"/api/ps": running(size=4 * GIB, size_vram=in_vram, context_length=4096)})

    assert (4096, device, share) == (known.context_tokens, known.device, known.gpu_share)


def test_llama_cpp_tells_the_window_of_one_slot_and_its_modalities() -> None:
    props = {
        "default_generation_settings": {"params": {}, "n_ctx": 2048},
        "modalities": {"vision": True, "audio": False},
        "chat_template_caps": {"supports_tools": True, "supports_tool_calls": True},
    }

    known = told("llama.cpp", {"/props": props}, entry={"meta": {"n_ctx": 2048, "n_ctx_train": 8192}})

    assert (("tools", "vision"), 2048, 8192) == (known.features, known.context_tokens, known.max_context_tokens)


def test_a_llama_cpp_template_without_tools_is_no_proof_that_there_are_none() -> None:
    props = {"modalities": {"vision": False}, "chat_template_caps": {"supports_tools": False}}

    assert {"vision"} == told("llama.cpp", {"/props": props}).lacks


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_vllm_and_sglang_list_the_window(engine: str) -> None:
    assert 32768 == told(engine, entry={"max_model_len": 32768}).context_tokens


@pytest.mark.parametrize("names", [("/model_info", "/server_info"), ("/get_model_info", "/get_server_info")])
def test_sglang_tells_features_and_device_under_its_new_and_its_old_routes(names: tuple[str, str]) -> None:
    model = {"has_image_understanding": False, "tool_call_parser": "qwen25"}

    known = told("sglang", {names[0]: model, names[1]: {"device": "cuda", "api_key": "canary"}})

    assert ("tools",) == known.features
    assert {"vision"} == known.lacks
    assert ("cuda", 1.0) == (known.device, known.gpu_share)
    assert "canary" not in repr(known)


@pytest.mark.parametrize("route", ["/model_info", "/server_info"])
def test_a_sglang_without_a_parser_lacks_tools(route: str) -> None:
    assert {"tools"} == told("sglang", {route: {"tool_call_parser": None}}).lacks


@pytest.mark.parametrize(("device", "share"), [("cuda", 1.0), ("cpu", 0.0), ("xpu", 1.0), ("quantum", None)])
def test_tgi_tells_its_window_and_up_to_2_x_its_device(device: str, share: float | None) -> None:
    known = told("tgi", {"/info": {"max_total_tokens": 2048, "max_input_tokens": 2047, "model_device_type": device}})

    assert (2048, device, share) == (known.context_tokens, known.device, known.gpu_share)


@pytest.mark.parametrize("key", ["context_window", "context_length", "max_context_length", "max_model_len"])
@pytest.mark.parametrize("engine", ["hosted", "litellm", "other"])
def test_a_listing_tells_the_window_in_the_words_of_many_providers(engine: str, key: str) -> None:
    assert Capabilities(context_tokens=131072) == told(engine, entry={key: 131072})


@pytest.mark.parametrize("engine", ["ollama", "llama.cpp", "vllm", "sglang", "tgi", "hosted", "other"])
@pytest.mark.parametrize(
    "body",
    [
        refuse(401, "not for you"),
        raw_answer(200, b"<html>"),
        answer(200, []),
        answer(200, {"models": [None, 1], "capabilities": [1], "modalities": 3, "device": 7, "model_info": []}),
        answer(200, {"models": [{"name": [MODEL]}], "capabilities": 5, "device": "\x1b[2Jcuda"}),
        answer(200, {"models": [{"name": MODEL, "size": 1, "size_vram": 10**400, "context_length": 10**400}]}),
        answer(200, {"models": [{"name": MODEL, "size": 8, "size_vram": -8}], "capabilities": "tools"}),
        answer(200, {"max_total_tokens": 10**400, "device": "c" * 100, "capabilities": ["\x1b[2Jtools", "\ud83d"]}),
    ],
)
def test_what_is_not_told_or_told_in_another_shape_is_unknown(engine: str, body: Any) -> None:
    paths = ("/api/show", "/api/ps", "/props", "/model_info", "/server_info", "/get_model_info", "/info")

    known = told(engine, dict.fromkeys(paths, body), entry={"max_model_len": "many", "context_length": True})

    assert Capabilities() == known
    assert {} == known.as_dict()


def test_evidence_holds_only_what_is_known() -> None:
    known = Capabilities(features=("tools",), context_tokens=4096, device="gpu", gpu_share=1.0)

    assert {"features": ["tools"], "context_tokens": 4096, "device": "gpu"} == known.as_dict()

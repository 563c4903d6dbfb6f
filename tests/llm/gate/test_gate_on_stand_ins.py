"""The gate before every server of TruGen's guide, as stand-ins play them: who passes, what is noted, who is refused."""

from typing import Any

import pytest

from components.llm.gate.calls import Caller
from components.llm.gate.failure import NotReady
from components.llm.gate.needs import Needs
from components.llm.gate.recognition import recognised
from components.redaction import Redactor
from tests.fixtures.stand_ins import HOSTED, SELF_HOSTED, STAND_INS
from tests.fixtures.stand_ins.stand_in import StandIn
from tests.fixtures.waiting import TOKEN, Waiting

MODEL = "acme/m"
TOOLS = Needs(tools=True)
VISION = Needs(vision=True)
_COSTS = {"S13": "unknown", "S14": "unknown", "S15": "unknown", "S19": "unknown"}

# What is not simply passed, by server: deviations that TruGen can live with, and what nobody can tell.
NOTED: dict[str, dict[str, str]] = {
    "ollama": {"C12": "warn"},
    "tgi": {"S13": "warn", "S14": "warn", "O16": "warn"},
    "vllm": {"S13": "warn"},
    "sglang": {"S13": "warn", "S14": "warn"},
    "llama.cpp": {"S13": "warn", "S14": "warn"},
    "litellm": {"capabilities": "unknown", "C12": "warn", "S19": "unknown"},
    "openai": {"capabilities": "unknown", **_COSTS},
    "together": _COSTS,
    "fireworks": _COSTS,
    "groq": _COSTS,
    "openrouter": _COSTS,
    "azure": {"capabilities": "unknown", **_COSTS},
    # Its list of models is not for bearers.
    "anthropic": {"capabilities": "unknown", "model": "unknown", **_COSTS},
}


def started(name: str, **settings: Any) -> StandIn:
    token = {} if name == "ollama" else {"token": TOKEN}
    return STAND_INS[name](**{"model": MODEL, **token, **settings})


def asked_of(server: StandIn, name: str, **others: Any) -> dict[str, Any]:
    engine = "hosted" if name in HOSTED else name
    return {"base_url": server.base_url, "model": MODEL, "engine": engine, **others}


@pytest.mark.parametrize("name", STAND_INS)
def test_every_server_of_the_guide_passes_and_its_ways_are_noted(waiting: Waiting, name: str) -> None:
    guarded = name != "ollama"
    with started(name) as server:
        evidence = waiting.until_ready(server, **asked_of(server, name, needs=TOOLS, auth_required=guarded))

    assert NOTED[name] == {check.id: check.verdict for check in evidence.checks if check.verdict != "pass"}


@pytest.mark.parametrize("name", ["vllm", "sglang", "llama.cpp", "openai", "groq", "azure"])
def test_a_server_that_sees_is_proven_to(waiting: Waiting, name: str) -> None:
    seeing = {} if name in HOSTED else {"vision": True}
    with started(name, **seeing) as server:
        evidence = waiting.until_ready(server, **asked_of(server, name, needs=VISION))

    assert "pass" == next(check.verdict for check in evidence.checks if check.id == "O18")


@pytest.mark.parametrize("name", SELF_HOSTED)
def test_an_engine_is_recognised_by_its_own_word(waiting: Waiting, name: str) -> None:
    with started(name) as server:
        caller = Caller(Redactor(TOKEN), clock=waiting.clock, tick=lambda: None, heard=lambda: None)
        assert name == recognised(caller, server.base_url, TOKEN).engine


@pytest.mark.parametrize(("name", "waits"), [("llama.cpp", {"loading": True}), ("sglang", {"starting": True})])
def test_a_server_is_waited_for_from_its_closed_port_on(waiting: Waiting, name: str, waits: dict[str, Any]) -> None:
    with started(name, closed=True, **waits) as server:
        waiting.clock.at(2, server.open)
        waiting.clock.at(4, server.loaded)
        waiting.until_ready(server, **asked_of(server, name))

    assert "transport: connection refused (1 s)" in waiting.progress
    assert any(line.startswith("transport: HTTP 503") for line in waiting.progress)


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("tgi", {"fails": True}, {}, "Request failed during generation"),
    ("vllm", {"fails": True}, {}, "EngineCore died"),
    ("openrouter", {"fails": True}, {}, "Provider disconnected"),
    ("ollama", {"fails": True}, {}, "before finish_reason"),
    ("openrouter", {"has_credit": False}, {}, "HTTP 402 Insufficient credits"),
    ("litellm", {"upstream_dead": True}, {}, "HTTP 500 litellm.InternalServerError"),
    ("vllm", {"chat_template": False}, {}, "HTTP 400 default chat template"),
    ("vllm", {"tool_parser": False}, {"needs": TOOLS}, "requires --enable-auto-tool-choice"),
    ("vllm", {}, {"needs": VISION}, "is not a multimodal model"),
    ("sglang", {"tool_parser": None}, {"needs": TOOLS}, "lacks `tools`"),
    ("sglang", {}, {"needs": VISION}, "lacks `vision`"),
    ("llama.cpp", {}, {"needs": VISION}, "lacks `vision`"),
    ("ollama", {"capabilities": ("completion",)}, {"needs": TOOLS}, "lacks `tools`"),
    ("ollama", {}, {"needs": VISION}, "lacks `vision`"),
    ("ollama", {"pulled": False}, {}, "Ollama has no model"),
    ("ollama", {}, {"auth_required": True}, "lets anybody in"),
    ("ollama", {}, {"gpu": True}, "runs on the CPU"),
    ("ollama", {}, {"needs": Needs(system_prompt_bytes=40_000)}, "exceed the"),
    ("tgi", {"max_total": 2048}, {"needs": Needs(system_prompt_bytes=40_000)}, "exceed the window of 2,048 tokens"),
    ("vllm", {"max_model_len": 2048}, {"needs": Needs(system_prompt_bytes=40_000)}, "exceed the window of 2,048"),
    ("vllm", {}, {"model": "x"}, "The model `x` does not exist.; it serves acme/m"),
    ("tgi", {}, {"model": "x"}, "it answers under any model name, and lists acme/m"),
    ("llama.cpp", {}, {"model": "x"}, "it answers under any model name, and lists acme/m"),
    ("sglang", {}, {"model": "x"}, "it answers under any model name, and lists acme/m"),
    # Whether TruGen sends `max_tokens` nobody knows; a model that refuses it may not serve there.
    ("openai", {"reasons": True}, {}, "HTTP 400 Unsupported parameter: 'max_tokens'"),
    ("openai", {}, {"model": "x"}, "HTTP 404 The model does not exist"),
    *((name, {}, {"token": "wrong"}, "HTTP 401, our token was refused") for name in ("tgi", "vllm", "sglang", *HOSTED)),
]


@pytest.mark.parametrize(("name", "settings", "target", "told"), REFUSED)
def test_what_a_server_lacks_is_told_in_words_that_help(
    waiting: Waiting, name: str, settings: dict[str, Any], target: dict[str, Any], told: str
) -> None:
    with started(name, **settings) as server, pytest.raises(NotReady) as caught:
        waiting.until_ready(server, **asked_of(server, name, **target))

    assert told in str(caught.value)

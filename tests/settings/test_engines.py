"""The engines beside Ollama: what a stack says about them, and which combinations are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = {"repository": "acme/support-8b", "revision": COMMIT}
TGI = {"engine": "tgi", "model": "acme/support-8b", "weights": WEIGHTS}
VLLM = {"engine": "vllm", "model": "support", "weights": WEIGHTS, "gpu": "all"}
SGLANG = {"engine": "sglang", "model": "support", "weights": WEIGHTS, "gpu": "all"}
LLAMA_CPP = {"engine": "llama.cpp", "model": "support", "gguf": "models/support.gguf"}
HUB_TOKEN = {"hubTokens": {"main": "hf_0123456789abcdef0123456789abcdef0123"}}


@pytest.mark.parametrize("llm", [TGI, VLLM, SGLANG, LLAMA_CPP], ids=lambda llm: str(llm["engine"]))
def test_every_engine_needs_no_more_than_its_model_and_weights(load: Load, stack: Stack, llm: dict[str, Any]) -> None:
    stack["llms"]["main"] = llm

    assert load(stack).llms["main"].model == llm["model"]


def test_an_engine_that_fetches_its_own_weights_has_more_time(load: Load, stack: Stack) -> None:
    stack["llms"]["main"] = {**VLLM, "ready": {"successes": 3}}

    ready = load(stack).llms["main"].model_dump()["ready"]

    assert (ready["timeout_s"], ready["stall_timeout_s"], ready["successes"]) == (3600, 600, 3)


def test_a_token_of_the_hub_is_kept_apart_from_the_token_of_the_endpoint(load: Load, stack: Stack) -> None:
    stack["llms"]["main"] = VLLM

    settings = load(stack, HUB_TOKEN)

    assert settings.secrets_of("main").hub_token == HUB_TOKEN["hubTokens"]["main"]
    assert settings.secrets_of("main").token is None


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (VLLM, {"weights": {"repository": "acme/m"}}, "main.weights: needs `revision`, the commit to serve: a branch"),
    (VLLM, {"weights": {"repository": "acme/m", "revision": "main"}}, "main.weights.revision: 'main' does not fit;"),
    (VLLM, {"weights": {}}, "main.weights: say either `directory` or `repository` with `revision`"),
    (VLLM, {"weights": {**WEIGHTS, "directory": "m"}}, "main.weights: say either `directory` or `repository`"),
    (VLLM, {"weights": {"directory": "m", "revision": COMMIT}}, "main.weights: has a `revision`, which a directory"),
    (VLLM, {"weights": {"directory": "../m"}}, "main.weights.directory: leaves the project folder"),
    (VLLM, {"weights": {"directory": "/"}}, "main.weights.directory: is empty, or the whole file system"),
    (VLLM, {"weights": {"directory": "m:rw"}}, "main.weights.directory: holds ':' or a control character"),
    (VLLM, {"trustRemoteCode": "yes"}, "main.trustRemoteCode: input should be a valid boolean"),
    (VLLM, {"gpu": "off", "shards": 2}, "main: has 2 shards and no GPU; set `gpu`, or `shards: 1`"),
    (VLLM, {"gpu": [0], "shards": 2}, "main: has 2 shards and 1 GPU(s); a shard needs one of its own"),
    (VLLM, {"gpu": {"count": 2}, "shards": 4}, "main: has 4 shards and 2 GPU(s)"),
    (VLLM, {"gpu": {"count": 0}}, "main.gpu: say 'off', 'all', 'amd', {count: 2}, or a list"),
    (VLLM, {"loras": {"legal": {"directory": "l"}}, "serves": "sales"}, "main: serves 'sales', which is none of"),
    (VLLM, {"maxLoraRank": 8}, "main: has `maxLoraRank` and no `loras`"),
    (VLLM, {"loras": {"support": {"directory": "l"}}}, "main: has an adapter named 'support'"),
    (VLLM, {"toolCallParser": "--evil flag"}, "main.toolCallParser: '--evil flag' does not fit; write one word"),
    (VLLM, {"quantization": "awq --trust-remote-code"}, "main.quantization: 'awq --trust-remote-code' does not fit"),
    (VLLM, {"image": "vllm/vllm-openai:latest"}, "main.image: 'vllm/vllm-openai:latest' does not fit; pin a tag"),
    (SGLANG, {"gpu": "off"}, "main: needs `gpu`: sglang publishes no image for CPUs that is known here"),
    (TGI, {"model": "tgi"}, "main: has `model: tgi`, but TGI serves it as 'acme/support-8b'"),
    (TGI, {"maxInput": 4096}, "main: has `maxInput` without `contextLength`; TGI wants both or neither"),
    (TGI, {"maxInput": 8192, "contextLength": 8192}, "main: has `maxInput` 8192, which must be below"),
    (TGI, {"toolCallParser": "hermes"}, "main.toolCallParser: unknown key"),
    (LLAMA_CPP, {"model": "a b"}, "main.model: 'a b' does not fit"),
    (LLAMA_CPP, {"gguf": "~/models/../../etc/shadow"}, "main.gguf: leaves the project folder"),
    (LLAMA_CPP, {"weights": WEIGHTS}, "main.weights: unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("llm", "change", "told"), REFUSED, ids=[f"{llm['engine']} {' '.join(change)}" for llm, change, _ in REFUSED]
)
def test_a_combination_that_cannot_work_is_refused(
    problems: Problems, stack: Stack, llm: dict[str, Any], change: dict[str, Any], told: str
) -> None:
    stack["llms"]["main"] = {**llm, **change}

    (problem,) = problems(stack)

    assert problem.startswith(f"llms.{told}")


@pytest.mark.parametrize("attached", ["tool", "mcp", "guardrail"])
@pytest.mark.parametrize("llm", [VLLM, SGLANG], ids=["vllm", "sglang"])
def test_tools_on_an_engine_that_cannot_parse_calls_are_refused(
    problems: Problems, stack: Stack, llm: dict[str, Any], attached: str
) -> None:
    stack["llms"]["main"] = llm
    stack["agents"]["ada"][attached] = ["an-id-of-trugen"]

    (problem,) = problems(stack)

    assert problem.startswith("llms.main.toolCallParser: is missing: 'agents.ada' has tools,")


def test_a_hub_token_that_nothing_reads_is_refused(problems: Problems, stack: Stack) -> None:
    assert problems(stack, HUB_TOKEN) == [
        "hubTokens.main: has no use: this LLM reads no repository of the hub: `pulumi config rm --path hubTokens.main`"
    ]


def test_two_servers_cannot_share_a_port(problems: Problems, stack: Stack) -> None:
    stack["llms"] = {"main": {**VLLM, "port": 18001}, "other": {**LLAMA_CPP, "port": 18001, "privatePort": 18003}}

    assert problems(stack) == ["llms.other.port: 18001 is taken by 'llms.main.port'; choose another"]

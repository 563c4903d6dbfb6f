"""Log lines are those of llama.cpp b11434 and of vLLM 0.10 to 0.33, as their sources and public logs have them."""

from unittest.mock import patch

import pytest
import requests
from docker.errors import DockerException

from components.llm.gate.capabilities import Capabilities
from components.llm.gate.container_log import engine_log
from components.llm.gate.gpu import judge_gpu

OFFLOADED = "load_tensors: offloaded {}/29 layers to GPU"
NO_GPU = "warning: no usable GPU found, --gpu-layers option will be ignored"
ON_CUDA = "INFO 09-23 10:47:00 [__init__.py:216] Automatically detected platform cuda."
ON_CPU = "INFO 09-23 10:47:00 [__init__.py:216] Automatically detected platform cpu."
CPU_CACHE = "INFO [kv_cache_utils.py:2395] CPU KV cache size: 87,296 tokens, Maximum concurrency for 4,096 tokens"
GPU_CACHE = "INFO [kv_cache_utils.py:2395] GPU KV cache size: 87,296 tokens, Maximum concurrency for 4,096 tokens"
GRAPHS = "INFO [gpu_model_runner.py:6517] Graph capturing finished in 21 secs, took 0.52 GiB"


def judged(engine: str, *log: str, share: float | None = None, device: str | None = None) -> tuple[str, str]:
    check = judge_gpu(engine, Capabilities(gpu_share=share, device=device), log)
    return check.verdict, check.detail


@pytest.mark.parametrize(
    ("share", "verdict", "told"),
    [
        (1.0, "pass", "the whole model is on the GPU"),
        (0.43, "warn", "only 43% of the model are in GPU memory, the rest runs on the CPU"),
        (0.0, "fail", "the model runs on the CPU though a GPU was asked for"),
    ],
)
def test_the_servers_own_share_decides(share: float, verdict: str, told: str) -> None:
    assert (verdict, told) == judged("ollama", share=share)


def test_the_device_is_named_as_the_server_names_it() -> None:
    assert ("pass", "the whole model is on the GPU (cuda)") == judged("sglang", share=1.0, device="cuda")


@pytest.mark.parametrize(
    ("engine", "log", "verdict"),
    [
        ("llama.cpp", [OFFLOADED.format(29)], "pass"),
        ("llama.cpp", [OFFLOADED.format(12)], "warn"),
        ("llama.cpp", [OFFLOADED.format(0)], "fail"),
        ("llama.cpp", [NO_GPU, "srv load_model: loading model"], "fail"),
        ("vllm", [ON_CUDA, "INFO more"], "pass"),
        ("vllm", [GRAPHS], "pass"),
        ("vllm", [ON_CPU, GPU_CACHE], "fail"),
        ("vllm", [CPU_CACHE], "fail"),
    ],
)
def test_the_log_of_the_engine_decides_where_its_routes_do_not(engine: str, log: list[str], verdict: str) -> None:
    assert verdict == judged(engine, *log)[0]


@pytest.mark.parametrize(("engine", "runs"), [("llama.cpp", (29, 0)), ("llama.cpp", (0, 29))])
def test_the_last_start_counts(engine: str, runs: tuple[int, int]) -> None:
    assert {29: "pass", 0: "fail"}[runs[1]] == judged(engine, *(OFFLOADED.format(run) for run in runs))[0]


@pytest.mark.parametrize(
    ("engine", "log", "told"),
    [
        ("llama.cpp", [], "LLAMA_ARG_LOG_VERBOSITY=4"),
        ("llama.cpp", ["offloaded 0/0 layers to GPU"], "LLAMA_ARG_LOG_VERBOSITY=4"),
        ("vllm", [GPU_CACHE], "does not name the device"),
        ("vllm", [], "vllm/config/device.py"),
        ("tgi", [], "router/src/lib.rs"),
        ("sglang", [], "does not tell where it computes"),
        ("other", [OFFLOADED.format(29)], "does not tell where it computes"),
    ],
)
def test_without_the_engines_word_it_is_unknown_and_never_passed(engine: str, log: list[str], told: str) -> None:
    verdict, detail = judged(engine, *log)

    assert "unknown" == verdict
    assert told in detail


@pytest.mark.parametrize("error", [requests.ReadTimeout("slow"), DockerException("gone"), PermissionError(13, "no")])
def test_a_docker_that_shows_no_log_leaves_the_log_empty(error: Exception) -> None:
    with patch("docker.from_env", side_effect=error):
        assert () == engine_log("c0ffee")

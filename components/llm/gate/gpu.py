"""Check `gpu`: does the engine compute on the GPU it was given? Never passed without the engine's own word. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence

from components.llm.gate.capabilities import Capabilities
from components.llm.gate.checks import Check

LogLines = Sequence[str]

_WHY_UNKNOWN: Mapping[str, str] = {
    "llama.cpp": "its log tells only with LLAMA_ARG_LOG_VERBOSITY=4 (ggml-org/llama.cpp at b11434, common/log.cpp)",
    "vllm": "its log does not name the device; its CUDA build starts on no CPU (vllm-project/vllm at v0.33.0,"
    " vllm/config/device.py), but an image with another build may be running",
    "tgi": "TGI 3 no longer names its device (huggingface/text-generation-inference at db931fc, router/src/lib.rs)",
}


def judge_gpu(engine: str, capabilities: Capabilities, log: LogLines) -> Check:
    """*log*: the container's last lines, oldest first; empty when there are none to see."""
    share = capabilities.gpu_share
    if share is None and engine in _LOGGED_SHARES:
        share = _LOGGED_SHARES[engine](log)
    if share is None:
        return Check("gpu", "unknown", _WHY_UNKNOWN.get(engine, "the server does not tell where it computes"))
    if share == 0:
        return Check("gpu", "fail", "the model runs on the CPU though a GPU was asked for")
    if share < 1:
        return Check("gpu", "warn", f"only {share:.0%} of the model are in GPU memory, the rest runs on the CPU")
    return Check("gpu", "pass", f"the whole model is on the GPU{_named(capabilities.device)}")


def _named(device: str | None) -> str:
    return f" ({device})" if device and device != "gpu" else ""


_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")


def _llama_cpp(log: LogLines) -> float | None:
    # src/llama-model.cpp and common/arg.cpp at b11434; a build without GPU support writes the second only.
    for line in reversed(log):
        if (found := _OFFLOADED.search(line)) and int(found[2]):
            return min(1.0, int(found[1]) / int(found[2]))
        if "no usable GPU found" in line:
            return 0.0
    return None


_PLATFORM = re.compile(r"Automatically detected platform (\w+)\.")


def _vllm(log: LogLines) -> float | None:
    # vllm/platforms/__init__.py (on level INFO in 2025) and v1/core/kv_cache_utils.py at v0.33.0. No proof is the line
    # "GPU KV cache size": releases of 2026 write it on CPUs as well. Graphs are captured by the GPU's worker only.
    for line in reversed(log):
        if found := _PLATFORM.search(line):
            return {"cpu": 0.0, "cuda": 1.0, "rocm": 1.0, "xpu": 1.0}.get(found[1])
        if "CPU KV cache size:" in line:
            return 0.0
        if "Graph capturing finished in" in line:
            return 1.0
    return None


_LOGGED_SHARES: Mapping[str, Callable[[LogLines], float | None]] = {"llama.cpp": _llama_cpp, "vllm": _vllm}

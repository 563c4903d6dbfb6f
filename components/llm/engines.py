"""
What is known about each engine, as data: a further engine is a further record, not a subclass.

Facts and their sources: docs/engines.md. Digests are those that public files name beside the tag; `image` in the stack
file replaces an image, by tag or digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Hardware = Literal["cpu", "nvidia", "amd"]


@dataclass(frozen=True)
class Engine:
    """
    How to run one engine in a container.

    Args:
        name: As the stack file spells it.
        images: By the hardware they were built for; hardware that is missing has no image known here.
        port: Inside the container, always given to the engine: defaults of engines move.
        cache_path: The only place on disk that it writes to, kept in a volume.
        arguments: Always given.
        flags: Option of the command line -> what the stack file says for it: left out when unset or false, alone when
            true, repeated words for a list.
        env: Always given.
        settings: Variable of the environment -> what the stack file says for it.
        healthcheck: By a program that the image has.
        entrypoint: Replaces the image's own.
        user: Replaces the image's own.
        scratch: Options of its `/tmp`.
        hopeless: Words in its log or answers that mean it will say the same next time -> what to do about them.
        volume_per_slot: Whether two of its containers must not share a volume: it holds a configuration, no weights.
    """

    name: str
    images: Mapping[Hardware, str]
    port: int
    cache_path: str
    healthcheck: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | None = None
    user: str | None = None
    scratch: str = "rw,noexec,nosuid,size=256m"
    hopeless: Mapping[str, str] = field(default_factory=dict)
    volume_per_slot: bool = False


def _curl(port: int) -> tuple[str, ...]:
    return ("CMD", "curl", "--fail", "--silent", "--output", "/dev/null", f"http://127.0.0.1:{port}/health")


_EVERYWHERE = "0.0.0.0"  # noqa: S104 - of the container, which is on a private network only
_LESS_MEMORY = "Choose a smaller model, or `pulumi config set --path llms.<llm>.contextLength <less>`."
_NO_GPU = "Set `gpu` of this LLM, or `image` to a build for CPUs."
_HUB_ACCESS = (
    "Accept the model's licence on its page, then store a token that may read it:"
    " `pulumi config set --secret --path hubTokens.<llm>`."
)
_SHORTER = "Set a smaller `contextLength` for this LLM."
_HUB = {
    "gated repo": _HUB_ACCESS,
    "gatedrepoerror": _HUB_ACCESS,
    "repositorynotfounderror": "Check `weights.repository`; a private one needs `hubTokens.<llm>`, too.",
    "no cuda gpus are available": _NO_GPU,
    "found no nvidia driver": _NO_GPU,
    "cuda out of memory": _LESS_MEMORY,
    "hip out of memory": _LESS_MEMORY,
}
_LLAMA_CPP_CPU = "33868c035b21dc63f7c60b7438774283fd99215bc319114eb03de5df4ce7cd6b"
_LLAMA_CPP_CUDA = "fff6185edd2fbc4093aa5970bf6db53ed11c283e3a1c52a3e244cf27047264f4"
_VLLM_NVIDIA = "vllm/vllm-openai:v0.31.0@sha256:c1c9f6fd5c109ba7f0546a59f5b2f15fb87f64c77782e90a27b648b42a8e67c3"
_VLLM_AMD = "vllm/vllm-openai-rocm:v0.31.0@sha256:749f6f3f944f12af49966ac523c1f8573e4b229594b541954bd5f879b4496b1f"
_SGLANG_NVIDIA = "lmsysorg/sglang:v0.5.20@sha256:06e4f2ed21afde4ff513cda65070124e727ba23ccaeff7712b8c40e1097d611f"
_LITELLM_DIGEST = "3d88bd757134a00e8c00237b85a021ab1f6d54abb9c1df750f411dbe7256a500"
_HUB_ENV = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
_COMPILES = "rw,nosuid,size=2g"  # kernels are compiled there and loaded from there, so it cannot be `noexec`

OLLAMA = Engine(
    name="ollama",
    images={
        "cpu": "ollama/ollama:0.24.0",
        "nvidia": "ollama/ollama:0.24.0",
        "amd": "ollama/ollama:0.24.0-rocm",
    },
    port=11434,
    cache_path="/root/.ollama",
    env={
        "HOME": "/root",
        "OLLAMA_HOST": "0.0.0.0:11434",
        # "-cloud" models and web search would send prompts to ollama.com.
        "OLLAMA_NO_CLOUD": "1",
    },
    settings={
        "OLLAMA_KEEP_ALIVE": "keep_alive",
        "OLLAMA_NUM_PARALLEL": "parallel",
        "OLLAMA_CONTEXT_LENGTH": "context_length",
    },
    # The image has neither curl nor wget (ollama/ollama#9781).
    healthcheck=("CMD", "ollama", "list"),
)
LLAMA_CPP = Engine(
    name="llama.cpp",
    images={
        "cpu": f"ghcr.io/ggml-org/llama.cpp:server-b11459@sha256:{_LLAMA_CPP_CPU}",
        "nvidia": f"ghcr.io/ggml-org/llama.cpp:server-cuda-b11459@sha256:{_LLAMA_CPP_CUDA}",
        "amd": "ghcr.io/ggml-org/llama.cpp:server-rocm-b11277",
    },
    port=8080,
    cache_path="/root/.cache",
    arguments=("--host", _EVERYWHERE, "--port", "8080", "--no-slots", "--no-webui"),
    flags={
        "--model": "gguf_inside",
        "--alias": "model",
        "--mmproj": "mmproj_inside",
        "--lora": "loras_inside",
        "--chat-template-file": "chat_template_inside",
        "--ctx-size": "context_of_all",
        "--parallel": "parallel",
        "--threads": "threads",
        "--n-gpu-layers": "layers_on_gpu",
    },
    env={"HOME": "/root"},
    settings={"LLAMA_ARG_LOG_VERBOSITY": "log_verbosity"},
    healthcheck=_curl(8080),
    hopeless={
        "unknown model architecture": "Use a newer `image`, or weights of an architecture that this one knows.",
        "exiting due to model loading error": "Check the file named by `gguf`, then run `pulumi up` again.",
        "failed to allocate buffer for kv cache": _LESS_MEMORY,
    },
)
# The entrypoint splits words at blanks, so no value with a blank may go through the command line.
TGI = Engine(
    name="tgi",
    images={
        "cpu": "ghcr.io/huggingface/text-generation-inference:3.3.7",
        "nvidia": "ghcr.io/huggingface/text-generation-inference:3.3.7",
        "amd": "ghcr.io/huggingface/text-generation-inference:3.3.5-rocm",
    },
    port=80,
    cache_path="/data",
    arguments=("--hostname", _EVERYWHERE, "--port", "80", "--usage-stats", "off"),
    flags={
        "--model-id": "source",
        "--revision": "revision",
        "--num-shard": "several_shards",
        "--quantize": "quantization",
        "--dtype": "dtype",
        "--max-input-tokens": "prompt_tokens",
        "--max-total-tokens": "context_length",
        "--max-concurrent-requests": "parallel",
        "--disable-custom-kernels": "on_cpu",
        "--trust-remote-code": "trust_remote_code",
    },
    env={**_HUB_ENV, "HF_HOME": "/data", "TRITON_CACHE_DIR": "/data/triton"},
    healthcheck=_curl(80),
    scratch=_COMPILES,
    hopeless=_HUB
    | {
        "shard process was signaled to shutdown with signal 9": _LESS_MEMORY,
        "notenoughcudadevices": "Ask for more GPUs with `gpu`, or set `shards` to what there is.",
        "argumentvalidation": "Correct the setting that the line names, then run `pulumi up` again.",
    },
)
VLLM = Engine(
    name="vllm",
    images={
        "cpu": "vllm/vllm-openai-cpu:v0.31.0-x86_64",
        "nvidia": _VLLM_NVIDIA,
        "amd": _VLLM_AMD,
    },
    port=8000,
    cache_path="/root/.cache",
    arguments=("--host", _EVERYWHERE, "--port", "8000"),
    flags={
        "--model": "source",
        "--served-model-name": "model",
        "--revision": "revision",
        "--tokenizer-revision": "revision",
        "--tensor-parallel-size": "several_shards",
        "--quantization": "quantization",
        "--dtype": "dtype",
        "--max-model-len": "context_length",
        "--max-num-seqs": "parallel",
        "--gpu-memory-utilization": "gpu_memory_share",
        "--enable-auto-tool-choice": "has_tools",
        "--tool-call-parser": "tool_call_parser",
        "--reasoning-parser": "reasoning_parser",
        "--chat-template": "chat_template_inside",
        "--enable-lora": "has_loras",
        "--max-lora-rank": "max_lora_rank",
        "--lora-modules": "loras_inside",
        "--trust-remote-code": "trust_remote_code",
    },
    env={**_HUB_ENV, "HF_HOME": "/root/.cache", "TRITON_CACHE_DIR": "/root/.cache/triton"},
    healthcheck=_curl(8000),
    scratch=_COMPILES,
    hopeless=_HUB
    | {
        "failed to infer device type": _NO_GPU,
        "no available memory for the cache blocks": _LESS_MEMORY,
        "larger than the available kv cache memory": _LESS_MEMORY,
        "is less than desired gpu memory utilization": "Free the GPU, or lower `gpuMemoryShare` of this LLM.",
        "is greater than the derived max_model_len": _SHORTER,
        "are not supported for now": "Use a newer `image`, or a model of an architecture that this one knows.",
    },
)
SGLANG = Engine(
    name="sglang",
    images={
        "nvidia": _SGLANG_NVIDIA,
        "amd": "lmsysorg/sglang:v0.5.21-rocm10-mi30x",
    },
    port=30000,
    cache_path="/root/.cache",
    # The image has none of its own.
    entrypoint=("python3", "-m", "sglang.launch_server"),
    arguments=("--host", _EVERYWHERE, "--port", "30000"),
    flags={
        "--model-path": "source",
        "--served-model-name": "model",
        "--revision": "revision",
        "--tensor-parallel-size": "several_shards",
        "--quantization": "quantization",
        "--dtype": "dtype",
        "--context-length": "context_length",
        "--max-running-requests": "parallel",
        "--mem-fraction-static": "gpu_memory_share",
        "--tool-call-parser": "tool_call_parser",
        "--reasoning-parser": "reasoning_parser",
        "--chat-template": "chat_template_inside",
        "--trust-remote-code": "trust_remote_code",
    },
    # Kernels it compiles go to ~/.cache/sglang by themselves.
    env={**_HUB_ENV, "HF_HOME": "/root/.cache"},
    healthcheck=_curl(30000),
    scratch=_COMPILES,
    hopeless=_HUB
    | {
        "no accelerator (": _NO_GPU,
        "not enough memory. please try to increase --mem-fraction-static": "Raise `gpuMemoryShare`, or choose less.",
        "is greater than the derived context_length": _SHORTER,
        "are not supported for now": "Use a newer `image`, or a model of an architecture that this one knows.",
    },
)
LITELLM_CONFIG = "config.yaml"  # in its volume, with the keys: `docker inspect` would show an environment
_LITELLM_HOME = "/var/lib/trugen-llm"
_IS_ALIVE = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4000/health/liveliness', timeout=5)"
# A proxy: it computes nothing, and calls its provider over the internet.
LITELLM = Engine(
    name="litellm",
    images={"cpu": f"ghcr.io/berriai/litellm:v1.104.2@sha256:{_LITELLM_DIGEST}"},
    port=4000,
    cache_path=_LITELLM_HOME,
    arguments=("--host", _EVERYWHERE, "--port", "4000", "--config", f"{_LITELLM_HOME}/{LITELLM_CONFIG}"),
    env={
        "HOME": _LITELLM_HOME,
        # Or its table of models and prices would come from GitHub at every start.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_DOCS": "True",
        "NO_REDOC": "True",
        "DISABLE_ADMIN_UI": "True",
    },
    # The image has neither curl nor wget.
    healthcheck=("CMD", "python3", "-c", _IS_ALIVE),
    # The secret files are for root alone, and the user of the image is its own business.
    user="0:0",
    volume_per_slot=True,
)
ENGINES: Mapping[str, Engine] = {one.name: one for one in (OLLAMA, LLAMA_CPP, TGI, VLLM, SGLANG, LITELLM)}

"""What a stack says about engines that serve weights as the Hugging Face hub keeps them: TGI, vLLM and SGLang."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import ByteSize, Field, model_validator

from components.llm.declared import MIB, Declared, HostPath, ModelId, Port, Size, Tokens, spelled
from components.llm.engines import SGLANG, VLLM
from components.llm.ready import HubReady
from components.llm.self_hosted import Egress, WeightsLlm

_GIB = 2**30
_ANSWER_TOKENS = 512
_TEMPLATE = "/models/chat-template.jinja"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_WORD = re.compile(r"[A-Za-z0-9][\w.-]{0,59}")
_NOT_FOR_PATHS = re.compile(r"[^\w.-]")

Word = Annotated[str, spelled(_WORD, "write one word as the engine's documentation spells it")]


class Weights(Declared):
    """
    Either a `directory` of this machine, shown to the container read-only, or a `repository` of the hub at a commit.

    A private or gated repository is read with the token `hubTokens.<name of the LLM>`.
    """

    directory: HostPath | None = None
    repository: Annotated[str, spelled(_REPOSITORY, "write it as the hub does: 'owner/name'")] | None = None
    revision: (
        Annotated[str, spelled(_COMMIT, "pin all 40 digits of a commit, as 'Files > History' of the repository shows")]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.directory is None) == (self.repository is None):
            raise ValueError("say either `directory` or `repository` with `revision`")
        if (self.revision is None) != (self.repository is None):
            raise ValueError(
                "needs `revision`, the commit to serve: a branch changes under a running agent"
                if self.revision is None
                else "has a `revision`, which a directory does not have"
            )
        return self


class HubLlm(WeightsLlm):
    """
    `trustRemoteCode` lets the engine run Python code that came with the weights: only for weights you have read.

    `shards` is the number of GPUs that share one model.
    """

    model: ModelId
    weights: Weights
    port: Port = 18000
    memory: Size = ByteSize(32 * _GIB)
    shm: Size = ByteSize(_GIB)
    shards: Annotated[int, Field(ge=1, le=64)] = 1
    quantization: Word | None = None
    dtype: Word | None = None
    trust_remote_code: bool = False
    ready: HubReady = HubReady()

    @property
    def source(self) -> str:
        """Where the engine finds the weights: a folder of its own, or the hub."""
        return self.weights.repository or f"/models/{_NOT_FOR_PATHS.sub('-', self.model)}"

    @property
    def egress(self) -> Egress:
        """The engine fetches its weights itself, whenever it starts."""
        return "always" if self.weights.repository else "never"

    @property
    def mounts(self) -> Mapping[str, str]:
        return {self.source: self.weights.directory} if self.weights.directory else {}

    @property
    def revision(self) -> str | None:
        return self.weights.revision

    @property
    def several_shards(self) -> int | None:
        return self.shards if self.shards > 1 else None

    @property
    def shm_mib(self) -> int:
        return self.shm // MIB

    @model_validator(mode="after")
    def _shards_have_gpus(self) -> Self:
        if self.gpu == "off" and self.shards > 1:
            raise ValueError(f"has {self.shards} shards and no GPU; set `gpu`, or `shards: 1`")
        if self.gpu_count is not None and self.shards > self.gpu_count:
            raise ValueError(f"has {self.shards} shards and {self.gpu_count} GPU(s); a shard needs one of its own")
        if self.gpu == "off" and self.image is None and "cpu" not in self.facts.images:
            raise ValueError(f"needs `gpu`: {self.facts.name} publishes no image for CPUs that is known here")
        return self


class TgiLlm(HubLlm):
    """
    Hugging Face TGI, which is in maintenance mode: for what runs on it today.

    It answers to any model name and lists one, so `model` must be the repository when there is one.
    `contextLength` counts prompt and answer; `maxInput` limits the prompt, by default to all but 512 tokens of it.
    """

    engine: Literal["tgi"]
    # TGI's own default, 128, lets callers wait for each other; the rest gets 429 and TruGen falls back.
    parallel: Annotated[int, Field(ge=1, le=1024)] = 16
    max_input: Tokens | None = None

    @property
    def prompt_tokens(self) -> int | None:
        if self.max_input is None and self.context_length is not None:
            return max(self.context_length - _ANSWER_TOKENS, self.context_length // 2)
        return self.max_input

    @property
    def agent_model(self) -> str:
        return self.source

    @property
    def on_cpu(self) -> bool:
        return self.hardware == "cpu"

    @model_validator(mode="after")
    def _prompt_fits(self) -> Self:
        if self.max_input is not None and self.context_length is None:
            raise ValueError("has `maxInput` without `contextLength`; TGI wants both or neither")
        if self.max_input is not None and self.context_length is not None and self.max_input >= self.context_length:
            raise ValueError(
                f"has `maxInput` {self.max_input}, which must be below `contextLength` {self.context_length}"
            )
        if self.weights.repository not in {None, self.model}:
            raise ValueError(f"has `model: {self.model}`, but TGI serves it as '{self.source}'; write that as `model`")
        return self


class Lora(Declared):
    """A LoRA adapter: agents name it as their model."""

    directory: HostPath


class ParsedLlm(HubLlm):
    """
    An engine that must be told how the model writes tool calls and reasoning: names as its documentation lists them.

    `gpuMemoryShare` is the part of a GPU's memory that it takes for weights and conversations together.
    """

    tool_call_parser: Word | None = None
    reasoning_parser: Word | None = None
    chat_template_file: HostPath | None = None
    gpu_memory_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    parallel: Annotated[int, Field(ge=1, le=1024)] | None = None

    @property
    def mounts(self) -> Mapping[str, str]:
        return {**super().mounts, **({_TEMPLATE: self.chat_template_file} if self.chat_template_file else {})}

    @property
    def has_tools(self) -> bool:
        return self.tool_call_parser is not None

    @property
    def chat_template_inside(self) -> str | None:
        return _TEMPLATE if self.chat_template_file else None


class VllmLlm(ParsedLlm):
    """vLLM. `loras` are adapters by the name that a request gives as its model; `serves` picks one for the agents."""

    engine: Literal["vllm"]
    port: Port = VLLM.port
    loras: dict[Word, Lora] = Field(default_factory=dict)
    serves: Word | None = None
    max_lora_rank: Literal[1, 8, 16, 32, 64, 128, 256, 320, 512] | None = None

    @property
    def mounts(self) -> Mapping[str, str]:
        return {**super().mounts, **{_lora_inside(name): lora.directory for name, lora in self.loras.items()}}

    @property
    def has_loras(self) -> bool:
        return bool(self.loras)

    @property
    def loras_inside(self) -> tuple[str, ...]:
        return tuple(f"{name}={_lora_inside(name)}" for name in self.loras)

    @property
    def agent_model(self) -> str:
        return self.serves or self.model

    @model_validator(mode="after")
    def _serves_an_adapter(self) -> Self:
        if self.serves is not None and self.serves not in self.loras:
            raise ValueError(f"serves '{self.serves}', which is none of `loras`: {', '.join(self.loras) or 'none'}")
        if self.max_lora_rank is not None and not self.loras:
            raise ValueError("has `maxLoraRank` and no `loras`")
        if self.model in self.loras:
            raise ValueError(f"has an adapter named '{self.model}' like the model itself; rename one")
        return self


class SglangLlm(ParsedLlm):
    """SGLang."""

    engine: Literal["sglang"]
    port: Port = SGLANG.port


def _lora_inside(name: str) -> str:
    return f"/models/loras/{name}"

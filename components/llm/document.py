"""What a stack says about one LLM: the value of `llms.<name>`. Every default of an LLM stands here and nowhere else."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from components.llm.engines import OLLAMA
from components.llm.model_name import ModelName
from components.urls import api_root

_MIB = 2**20
_SMALLEST_MEMORY_BYTES = 64 * _MIB
# Repository, tag that is not `latest`, optional digest. Source: distribution/reference, `reference.go`.
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]*:(?!latest\b)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:@sha256:[0-9a-f]{64})?")
_DURATION = re.compile(r"-1|[1-9]\d{0,5}[smh]")
_HOSTED_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,199}")
_PLATFORM_PROVIDER = re.compile(r"(?!custom$)[A-Za-z0-9][\w.:/@+-]{0,199}")
_GPU_ID = re.compile(r"\d{1,3}|GPU-[0-9a-f-]{4,40}|MIG-[\w/-]{4,80}")


class Declared(BaseModel):
    """A part of a stack file: camelCase, immutable, and nothing in it that is not read."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", allow_inf_nan=False
    )


def spelled(pattern: re.Pattern[str], advice: str) -> AfterValidator:
    """Refuse text that is not all of *pattern*, with *advice* in words instead of the pattern."""

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text[:60]!r} does not fit; {advice}")
        return text

    return AfterValidator(check)


def _gpu(value: Any) -> str | tuple[str, ...]:
    if value in ("off", "all"):
        return str(value)
    ids = tuple(str(one) for one in value if not isinstance(one, bool)) if isinstance(value, list) else ()
    if ids and all(_GPU_ID.fullmatch(one) for one in ids) and len(set(ids)) == len(value):
        return ids
    raise ValueError("say 'off', 'all', or a list of different GPU ids as `nvidia-smi -L` shows them, like [0, 1]")


def _parameter(value: Any) -> Any:
    texts = value if isinstance(value, list) else [value]
    if texts and all(isinstance(one, str) for one in texts):
        return tuple(value) if isinstance(value, list) else value
    if isinstance(value, bool | int | float):
        return value
    raise ValueError("is neither a number, true or false, text, nor a list of texts")


def _memory(size: ByteSize) -> ByteSize:
    if size < _SMALLEST_MEMORY_BYTES:
        raise ValueError(f"is {size:,} bytes; write at least '64MiB', with the unit, like '8GiB'")
    return size


Url = Annotated[str, AfterValidator(api_root)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Ready(Declared):
    """When an endpoint counts as ready: limits in seconds."""

    stall_timeout_s: Seconds = 180
    timeout_s: Seconds = 1200
    successes: Annotated[int, Field(ge=1, le=20)] = 2
    ttft_budget_s: Seconds | None = None
    ttft_budget_action: Literal["warn", "fail"] = "warn"

    @model_validator(mode="after")
    def _stall_fits(self) -> Self:
        if self.stall_timeout_s > self.timeout_s:
            raise ValueError(f"stallTimeoutS {self.stall_timeout_s:g} is above timeoutS {self.timeout_s:g}")
        return self


class HostedReady(Ready):
    """A hosted endpoint is up or not: waiting long only hides the fault."""

    stall_timeout_s: Seconds = 60
    timeout_s: Seconds = 60


class Gguf(Declared):
    """
    A local weights file to import under the LLM's `model` name.

    `path` is relative to the project root, absolute, or starts with `~`. `parameters` are Modelfile PARAMETERs.
    """

    path: Annotated[str, Field(min_length=1)]
    template: str | None = None
    parameters: dict[str, Annotated[Any, PlainValidator(_parameter)]] = {}
    system: Annotated[str | None, Field(repr=False)] = None

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        if ".." in PurePosixPath(path).parts:
            raise ValueError("leaves the project folder; write an absolute path or one that starts with '~'")
        return path


class OllamaLlm(Declared):
    """A model served by our own Ollama container, published on loopback only."""

    engine: Literal["ollama"]
    model: str
    gguf: Gguf | None = None
    image: Annotated[str, spelled(_IMAGE, f"pin a tag other than latest, like '{OLLAMA.image}'")] = OLLAMA.image
    port: Annotated[int, Field(ge=1024, le=65535)] = OLLAMA.port
    # -1 keeps the model loaded: a caller's first word should not wait for weights.
    keep_alive: Annotated[str, spelled(_DURATION, "write '5m', '90s', '2h', or '-1' for always")] = "-1"
    context_length: Annotated[int, Field(ge=256, le=2**20)] | None = None
    parallel: Annotated[int, Field(ge=1, le=64)] = 1
    gpu: Annotated[Literal["off", "all"] | tuple[str, ...], PlainValidator(_gpu)] = "off"
    memory: Annotated[ByteSize, AfterValidator(_memory)] = ByteSize(8 * 2**30)
    cpus: Annotated[float, Field(gt=0, le=1024)] | None = None
    restart: Literal["no", "on-failure", "unless-stopped", "always"] = "unless-stopped"
    public_url: Url | None = None
    ready: Ready = Ready()

    @field_validator("model")
    @classmethod
    def _full_name(cls, model: str) -> str:
        ModelName.parse(model)
        return model

    @property
    def memory_mib(self) -> int:
        return self.memory // _MIB


class HostedLlm(Declared):
    """A model that somebody else serves; its key is `llmTokens.<name>`."""

    engine: Literal["hosted"]
    base_url: Url
    model: Annotated[str, spelled(_HOSTED_MODEL, "write the model id as the provider lists it")]
    ready: HostedReady = HostedReady()


class TrugenLlm(Declared):
    """A model that TruGen serves itself, as agents made in its dashboard use: nothing to deploy or to prove."""

    engine: Literal["trugen"]
    provider: Annotated[
        str,
        spelled(_PLATFORM_PROVIDER, "write the provider as TruGen lists it, like 'groq'; `custom` is `engine: hosted`"),
    ]
    model: Annotated[str, spelled(_HOSTED_MODEL, "write the model id as TruGen lists it, like 'openai/gpt-oss-120b'")]


Llm = Annotated[OllamaLlm | HostedLlm | TrugenLlm, Field(discriminator="engine")]

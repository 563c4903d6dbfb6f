"""What a stack says about an LLM that runs in a container of ours: `llms.<name>` with one of our engines."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ByteSize, Field, PlainValidator, field_validator, model_validator

from components.llm.declared import MIB, Declared, Gpu, HostPath, Image, ModelId, Port, Size, Tokens, Url, spelled
from components.llm.engines import ENGINES, OLLAMA, Engine, Hardware
from components.llm.gateway.document import GatewaySettings
from components.llm.model_name import ModelName
from components.llm.ready import Ready

_GIB = 2**30
_LAST_PORT = 65535
_ALL_LAYERS = 999  # more than any model has
_TELLS_LAYERS = 4  # ggml-org/llama.cpp at b11434, common/log.h
_PROJECTOR, _TEMPLATE = "/models/mmproj.gguf", "/models/chat-template.jinja"
_DURATION = re.compile(r"-1|[1-9]\d{0,5}[smh]")
Egress = Literal["never", "while-fetching", "always"]
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
Strategy = Literal["side-by-side", "recreate"]


def _parameter(value: Any) -> Any:
    texts = value if isinstance(value, list) else [value]
    if texts and all(isinstance(one, str) for one in texts):
        return tuple(value) if isinstance(value, list) else value
    if isinstance(value, bool | int | float):
        return value
    raise ValueError("is neither a number, true or false, text, nor a list of texts")


class SelfHosted(Declared):
    """
    An engine in a container, and a gateway as the only way to it.

    `port` is the public door of the gateway and `privatePort` the one for this machine alone, by default the port after
    it. `restart` is Docker's policy for the engine; only `always` brings it back after dockerd itself was killed
    (moby/moby#41302). `strategy` is what a change of engine does: it is proven beside the old one, or replaces it, with
    a pause.
    """

    engine: str
    model: str
    image: Image | None = None
    port: Port
    gateway: GatewaySettings = GatewaySettings()
    memory: Size = ByteSize(8 * _GIB)
    cpus: Annotated[float, Field(gt=0, le=1024)] | None = None
    given_private_port: Port | None = Field(None, alias="privatePort")
    strategy: Strategy = "side-by-side"
    restart: Literal["no", "on-failure", "unless-stopped", "always"] = "always"
    public_url: Url | None = None
    ready: Ready = Ready()

    @property
    def private_port(self) -> int:
        return self.given_private_port or self.port + 1

    @property
    def agent_model(self) -> str:
        """What a request names as its model."""
        return self.model

    @property
    def facts(self) -> Engine:
        """What is known about the engine."""
        return ENGINES[self.engine]

    @property
    def hardware(self) -> Hardware:
        """What it computes on."""
        return "cpu"

    @property
    def gpus(self) -> str | None:
        """NVIDIA's GPUs as `docker run --gpus` spells them."""
        return None

    @property
    def runs_image(self) -> str:
        """The image, by default the engine's own for the hardware."""
        return self.image or self.facts.images[self.hardware]

    @property
    def egress(self) -> Egress:
        """When the engine has to reach the internet."""
        return "never"

    @property
    def mounts(self) -> Mapping[str, str]:
        """Files and folders of this machine that the container may read, by their place in it."""
        return {}

    @property
    def shm_mib(self) -> int | None:
        """Shared memory; None for Docker's 64 MiB."""
        return None

    @property
    def memory_mib(self) -> int:
        return self.memory // MIB

    @model_validator(mode="after")
    def _a_port_is_left(self) -> Self:
        if self.private_port > _LAST_PORT:
            raise ValueError(f"has `port: {self.port}`, and none comes after it; set `privatePort`, too")
        return self


class WeightsLlm(SelfHosted):
    """
    An engine that computes with weights on this machine.

    `contextLength` is what one conversation may use, in tokens; `parallel` how many the engine serves at a time.
    """

    gpu: Gpu = "off"
    context_length: Tokens | None = None

    @property
    def hardware(self) -> Hardware:
        if self.gpu == "off":
            return "cpu"
        return "amd" if self.gpu == "amd" else "nvidia"

    @property
    def gpus(self) -> str | None:
        match self.gpu:
            case "off" | "amd":
                return None
            case (only_id,):
                return f"device={only_id}"
            case tuple(ids):
                # As a line of CSV, where a bare comma would end the field (docker/cli, opts/gpus.go).
                return f'"device={",".join(ids)}"'
            case count_or_all:
                return str(count_or_all)

    @property
    def gpu_count(self) -> int | None:
        """How many GPUs were asked for; None when that depends on the machine."""
        if isinstance(self.gpu, int):
            return self.gpu
        return len(self.gpu) if isinstance(self.gpu, tuple) else None


class Gguf(Declared):
    """A local weights file to import under the LLM's `model` name. `parameters` are Modelfile PARAMETERs."""

    path: HostPath
    template: str | None = None
    parameters: dict[str, Annotated[Any, PlainValidator(_parameter)]] = Field(default_factory=dict)
    system: Annotated[str | None, Field(repr=False)] = None
    adapter: HostPath | None = None
    """A LoRA adapter for these weights, as GGUF."""


class OllamaLlm(WeightsLlm):
    """`digest` is that of the manifest, as `ollama list` shows its start: other weights under the name are refused."""

    engine: Literal["ollama"]
    gguf: Gguf | None = None
    digest: Annotated[str, spelled(_DIGEST, "write all of it: 'sha256:' and 64 hexadecimal digits")] | None = None
    port: Port = OLLAMA.port
    # -1 keeps the model loaded: a caller's first word should not wait for weights.
    keep_alive: Annotated[str, spelled(_DURATION, "write '5m', '90s', '2h', or '-1' for always")] = "-1"
    parallel: Annotated[int, Field(ge=1, le=64)] = 1

    @field_validator("model")
    @classmethod
    def _full_name(cls, model: str) -> str:
        ModelName.parse(model)
        return model

    @property
    def egress(self) -> Egress:
        return "never" if self.gguf else "while-fetching"


class LlamaCppLlm(WeightsLlm):
    """
    llama.cpp's server on a local GGUF file, shown to the container read-only.

    `mmproj` is the projector of a vision model. llama.cpp shares its context among the conversations it serves in
    parallel, so it is started with `contextLength` for each of them.
    """

    engine: Literal["llama.cpp"]
    model: ModelId
    gguf: HostPath
    mmproj: HostPath | None = None
    loras: tuple[HostPath, ...] = ()
    chat_template_file: HostPath | None = None
    port: Port = 18080
    parallel: Annotated[int, Field(ge=1, le=64)] = 1
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    gpu_layers: Annotated[int, Field(ge=0, le=1000)] | None = None
    context_length: Tokens = 8192

    @property
    def mounts(self) -> Mapping[str, str]:
        optional = {_PROJECTOR: self.mmproj, _TEMPLATE: self.chat_template_file}
        given = {inside: path for inside, path in optional.items() if path}
        return {self.gguf_inside: self.gguf, **given, **dict(self._loras)}

    @property
    def gguf_inside(self) -> str:
        return "/models/model.gguf"

    @property
    def mmproj_inside(self) -> str | None:
        return _PROJECTOR if self.mmproj else None

    @property
    def chat_template_inside(self) -> str | None:
        return _TEMPLATE if self.chat_template_file else None

    @property
    def loras_inside(self) -> str | None:
        return ",".join(inside for inside, _ in self._loras) or None

    @property
    def _loras(self) -> list[tuple[str, str]]:
        return [(f"/models/lora-{number}.gguf", path) for number, path in enumerate(self.loras, start=1)]

    @property
    def context_of_all(self) -> int:
        return self.context_length * self.parallel

    @property
    def log_verbosity(self) -> int | None:
        """With a GPU enough to log how many layers it holds, which is the only proof that it holds any."""
        return None if self.hardware == "cpu" else _TELLS_LAYERS

    @property
    def layers_on_gpu(self) -> int | None:
        if self.gpu_layers is not None:
            return self.gpu_layers
        return None if self.hardware == "cpu" else _ALL_LAYERS

"""What stands in the way of one LLM in a container of ours, and which slot its engine goes into."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.llm import beside, host_files, local_ports
from components.llm.beside import gib
from components.llm.container_spec import container_spec
from components.llm.docker_facts import DockerFacts, available_bytes
from components.llm.document import OllamaLlm, SelfHosted
from components.llm.gateway import certificate
from components.llm.gateway.addresses import engine_url
from components.llm.gateway.slots import Choice, Found, choose, spec_mark
from components.llm.hub import ParsedLlm
from components.llm.model_name import ModelName
from components.llm.names import Names, Slot
from components.llm.ollama_api import OllamaApi, OllamaError, OllamaUnreachableError, StoredModel
from components.llm.registry import NoSuchModelError, weights_bytes

_LOOPBACK = "127.0.0.1"
_AMD_DRIVER = Path("/dev/kfd")
Stored = Mapping[ModelName, StoredModel]


def _stored_models(llm: OllamaLlm, live: Slot, private_token: str) -> Stored:
    try:
        with OllamaApi(engine_url(llm, live), token=private_token) as api:
            return api.models()
    except (OllamaUnreachableError, OllamaError):
        return {}


@dataclass(frozen=True)
class Elsewhere:
    """
    What is asked beside files and Docker.

    Args:
        registry_size: of a model, in bytes; None when the registry cannot be asked.
        stored_models: on the Ollama in the live slot, behind the private door; none when it does not answer.
        available_bytes: of this machine's memory; None when unknown.
    """

    registry_size: Callable[[ModelName], int | None] = weights_bytes
    stored_models: Callable[[OllamaLlm, Slot, str], Stored] = _stored_models
    available_bytes: Callable[[], int | None] = available_bytes


@dataclass(frozen=True)
class PreflightOne:
    """
    *secrets* are what the engine reads of secret files, by any name. When this machine is not the one that will run the
    engine, not *here*, its hardware, memory, ports and files say nothing.
    """

    names: Names
    llm: SelfHosted
    secrets: Mapping[str, str]
    facts: DockerFacts
    found: Found
    elsewhere: Elsewhere
    here: bool = True

    def problems(self) -> Iterator[str]:
        key = f"llms.{self.names.llm}"
        if self.here:
            yield from (f"{key}.{problem}" for problem in self._hardware())
        yield from (f"{key}.{problem}" for problem in self._container())
        if self.here:
            yield from (f"{key}.{problem}" for problem in (*self._ports(), *self._model(), *self._unfinished()))

    @cached_property
    def choice(self) -> Choice:
        """To be asked for only when no file is missing."""
        llm, spec = self.llm, container_spec(self.llm)
        mark = spec_mark(
            spec,
            llm.facts,
            memory_mib=llm.memory_mib,
            cpus=llm.cpus,
            contents=host_files.mark_of(spec.mounts.values()),
            secrets=self.secrets,
        )
        return choose(self.found, mark, llm.strategy)

    @property
    def beside_bytes(self) -> int:
        """Memory that a new engine takes beside the one that serves; 0 for none, and on a GPU."""
        if self.llm.hardware != "cpu" or self._bad_files or not self._comes_beside:
            return 0
        return beside.need_bytes(self._known_size, self.llm.memory)

    @property
    def _comes_beside(self) -> bool:
        # What runs in the chosen slot already has its memory, or gives it back first.
        return self.choice.changes and self.choice.starts and self.llm.strategy == "side-by-side"

    def _hardware(self) -> Iterator[str]:
        llm = self.llm
        if llm.hardware == "nvidia" and not self.facts.has_gpu_runtime:
            yield (
                "gpu: Docker has no NVIDIA runtime on this machine. Install the NVIDIA Container Toolkit"
                " (`sudo nvidia-ctk runtime configure`), or set `gpu: off`."
            )
        if llm.hardware == "amd" and not _AMD_DRIVER.exists():
            yield f"gpu: this machine has no AMD driver ({_AMD_DRIVER} is missing). Install ROCm, or set `gpu: off`."

    def _container(self) -> Iterator[str]:
        llm = self.llm
        gateway = llm.gateway
        images = {"image": llm.runs_image, "gateway.image": gateway.image, "gateway.relayImage": gateway.relay_image}
        for key, image in images.items():
            if reason := self.facts.why_no_image(image):
                yield f"{key}: '{image}' cannot be pulled: {reason}. Check the tag with `docker pull {image}`."

        yield from (f"gateway.{problem}" for problem in certificate.problems(gateway.tls))

    def _unfinished(self) -> Iterator[str]:
        """A third engine has no slot while agents may still use the first."""
        if not self._bad_files and self.choice.cuts:
            yield (
                "engine: a change before has not come to its end, and agents may still use the engine that another one"
                " would have to replace. Run `pulumi up` with what the stack said then until it succeeds, or let the"
                f" new engine replace the live one: `pulumi config set --path llms.{self.names.llm}.strategy recreate`."
            )

    def _ports(self) -> Iterator[str]:
        llm = self.llm
        for key, address, port in (("port", llm.gateway.binds, llm.port), ("privatePort", _LOOPBACK, llm.private_port)):
            holder = self.facts.publisher_of(port)
            if holder is None:
                yield from local_ports.problems(key, address, port, address_key="gateway.bind")
            elif not self.names.same_stack(holder.labels):
                name = holder.name
                yield f"{key}: {port} belongs to the container '{name}'. Choose another, or `docker stop {name}`."
            elif other := self.names.other_llm(holder.labels):
                # Pulumi makes this gateway before it removes one that is not declared any more.
                yield (
                    f"{key}: {port} belongs to `llms.{other}` until this run is over. Choose another, or first run"
                    f" `pulumi up` with another for `llms.{other}`."
                )

    def _model(self) -> Iterator[str]:
        if self._is_stored:
            return
        yield from self._bad_files
        if isinstance(self._size, NoSuchModelError):
            yield f"model: {self._size}."
        elif not self._bad_files:
            yield from self._graphics_memory() if self.llm.hardware != "cpu" else self._memory(self._size or 0)

    def _memory(self, size: int) -> Iterator[str]:
        llm, old = self.llm, self._served_on_the_same
        if size > self.facts.memory_bytes:
            yield (
                f"model: its weights take {gib(size)} and this machine has {gib(self.facts.memory_bytes)} of memory."
                " Choose a smaller model or quantisation."
            )
        elif size > llm.memory:
            yield (
                f"memory: the weights of '{llm.model}' take {gib(size)} and the container may use"
                f" {gib(llm.memory)}. Raise `memory`, or choose a smaller model."
            )
        elif old and (
            reason := beside.why_not_on_one_server(self.names.llm, (llm.model, size), old, limit_bytes=llm.memory)
        ):
            yield reason

    def _graphics_memory(self) -> Iterator[str]:
        if isinstance(self.llm, ParsedLlm) and self._comes_beside:
            reason = beside.why_not_on_one_gpu(self.names.llm, self.llm.gpu_memory_share)
            yield from [reason] if reason else []

    @property
    def _served_on_the_same(self) -> tuple[str, int] | None:
        """The model that a running Ollama serves while it gets another one: of several, the largest."""
        if self.choice.changes or self.choice.starts or self.llm.strategy == "recreate":
            return None
        sizes = ((f"{name.model}:{name.tag}", stored.size_bytes) for name, stored in self._stored.items())
        return max(sizes, key=lambda one: one[1], default=None)

    @cached_property
    def _stored(self) -> Stored:
        """What an Ollama of ours holds already."""
        live, token = self.found.live, self.facts.private_token(self.names)
        if isinstance(self.llm, OllamaLlm) and live and token:
            return self.elsewhere.stored_models(self.llm, live, token)
        return {}

    @property
    def _is_stored(self) -> bool:
        """Then nothing has to be asked about the model."""
        return bool(self._stored) and ModelName.parse(self.llm.model) in self._stored

    @property
    def _known_size(self) -> int | None:
        return None if isinstance(self._size, NoSuchModelError) else self._size

    @cached_property
    def _bad_files(self) -> list[str]:
        return [] if self._is_stored else list(host_files.problems(self.llm, rootless=self.facts.is_rootless))

    @cached_property
    def _size(self) -> int | NoSuchModelError | None:
        """Of the weights, in bytes; None when unknown."""
        if self._is_stored:
            return self._stored[ModelName.parse(self.llm.model)].size_bytes
        if self._bad_files:
            return None
        if not isinstance(self.llm, OllamaLlm) or self.llm.gguf:
            return host_files.weights_bytes(self.llm)
        try:
            return self.elsewhere.registry_size(ModelName.parse(self.llm.model))
        except NoSuchModelError as error:
            return error

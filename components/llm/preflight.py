"""
What can be known before anything is created: asked by the program first, so that a bad stack costs nothing.

Quiet and quick when all is well: three calls to Docker and one to each server that already runs.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from components.llm import host_files
from components.llm.docker_facts import DockerFacts, DockerUnusableError
from components.llm.document import Llm, OllamaLlm, SelfHosted
from components.llm.model_name import ModelName
from components.llm.names import Names
from components.llm.ollama_api import OllamaApi, OllamaError, OllamaUnreachableError
from components.llm.registry import NoSuchModelError, weights_bytes

_GIB = 2**30
_AMD_DRIVER = Path("/dev/kfd")


class PreflightError(Exception):
    """Everything that stands in the way, in one text."""

    def __init__(self, problems: Iterable[str]) -> None:
        found = list(problems)
        count = "1 thing stands" if len(found) == 1 else f"{len(found)} things stand"
        super().__init__(
            "\n".join([f"{count} in the way; nothing was created or changed.", *(f"  {one}" for one in found)])
        )


def check(
    project: str,
    stack: str,
    llms: Mapping[str, Llm],
    registry_size: Callable[[ModelName], int | None] = weights_bytes,
) -> None:
    """
    Ask files, Docker and registries whether *llms* can be deployed.

    Raises:
        PreflightError: with every problem found.
    """
    own = {name: llm for name, llm in llms.items() if isinstance(llm, SelfHosted)}
    if not own:
        return
    try:
        facts = DockerFacts()
    except DockerUnusableError as error:
        files = (f"llms.{name}.{problem}" for name, llm in own.items() for problem in host_files.problems(llm))
        raise PreflightError([f"docker: {error}.", *files]) from None
    try:
        problems = [
            problem
            for name, llm in own.items()
            for problem in _Server(Names(project, stack, name), llm, facts, registry_size).problems()
        ]
    finally:
        facts.close()
    if problems:
        raise PreflightError(problems)


@dataclass(frozen=True)
class _Server:
    names: Names
    llm: SelfHosted
    facts: DockerFacts
    registry_size: Callable[[ModelName], int | None]

    def problems(self) -> Iterator[str]:
        key = f"llms.{self.names.llm}"
        yield from (f"{key}.{problem}" for problem in (*self._container(), *self._model()))

    def _container(self) -> Iterator[str]:
        llm = self.llm
        if llm.hardware == "nvidia" and not self.facts.has_gpu_runtime:
            yield (
                "gpu: Docker has no NVIDIA runtime on this machine. Install the NVIDIA Container Toolkit"
                " (`sudo nvidia-ctk runtime configure`), or set `gpu: off`."
            )
        if llm.hardware == "amd" and not _AMD_DRIVER.exists():
            yield f"gpu: this machine has no AMD driver ({_AMD_DRIVER} is missing). Install ROCm, or set `gpu: off`."
        if reason := self.facts.why_no_image(image := llm.runs_image):
            yield f"image: '{image}' cannot be pulled: {reason}. Check the tag with `docker pull {image}`."
        yield from self._port()

    def _port(self) -> Iterator[str]:
        port = self.llm.port
        holder = self.facts.publisher_of(port)
        if holder and self.names.same_stack(holder.labels):
            return
        if holder:
            name = holder.name
            yield f"port: {port} belongs to the container '{name}'. Choose another, or `docker stop {name}`."
        elif _is_taken(port):
            yield f"port: {port} is taken by another program (`ss -ltnp 'sport = :{port}'` shows it). Choose another."

    def _model(self) -> Iterator[str]:
        if self._is_served():
            return
        bad = list(host_files.problems(self.llm, rootless=self.facts.is_rootless))
        yield from bad
        size = None if bad else host_files.weights_bytes(self.llm)
        if isinstance(self.llm, OllamaLlm) and self.llm.gguf is None:
            try:
                size = self.registry_size(ModelName.parse(self.llm.model))
            except NoSuchModelError as error:
                yield f"model: {error}."
        yield from self._memory(size or 0)

    def _memory(self, size: int) -> Iterator[str]:
        if self.llm.hardware != "cpu":
            return
        if size > self.facts.memory_bytes:
            yield (
                f"model: its weights take {_gib(size)} and this machine has {_gib(self.facts.memory_bytes)} of memory."
                " Choose a smaller model or quantisation."
            )
        elif size > self.llm.memory:
            yield (
                f"memory: the weights of '{self.llm.model}' take {_gib(size)} and the container may use"
                f" {_gib(self.llm.memory)}. Raise `memory`, or choose a smaller model."
            )

    def _is_served(self) -> bool:
        """Whether an Ollama of ours has the model already: then nothing has to be asked about it."""
        if not isinstance(self.llm, OllamaLlm):
            return False
        holder = self.facts.publisher_of(self.llm.port)
        if holder is None or not self.names.same_stack(holder.labels):
            return False
        try:
            with OllamaApi(f"http://127.0.0.1:{self.llm.port}") as api:
                return ModelName.parse(self.llm.model) in api.models()
        except (OllamaUnreachableError, OllamaError):
            return False


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As Docker's own proxy does: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"

"""
Putting one model on one Ollama server, by pull or from a local file. Free of Pulumi.

Both ways may be repeated at any time: a pull resumes, a blob that is there is not sent again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.llm.model_name import ModelName
from components.llm.ollama_api import OllamaApi, OllamaError, OllamaUnreachableError, StoredModel

_REPORT_EVERY_S = 0.5
_BRISK_FOR_S = 10.0
_BRISK_PAUSE_S = 0.1
_PAUSE_S = 2.0
_LOOK_EVERY_S = 1.0
_MB = 10**6


class ModelError(Exception):
    """The model is not on the server: what happened, why, and what to type next."""


@dataclass(frozen=True)
class Import:
    """*settings* are the keys `template`, `parameters` and `system` of Ollama's create call."""

    weights: "Blob"
    settings: Mapping[str, Any]
    adapter: "Blob | None" = None


@dataclass(frozen=True)
class Blob:
    """A local GGUF file."""

    path: Path
    sha256: str

    @property
    def named(self) -> Mapping[str, str]:
        """As Ollama's create call names a file of its store."""
        return {self.path.name: f"sha256:{self.sha256}"}


@dataclass(frozen=True)
class Patience:
    """*stall_s*: longest time without progress. *why_dead* says why the server will never answer; None while it may."""

    stall_s: float
    tell: Callable[[str], None]
    why_dead: Callable[[], str | None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class ModelWork:
    """The work of bringing *model* to the server behind *api*."""

    def __init__(self, api: OllamaApi, model: str, patience: Patience) -> None:
        self._api = api
        self._model = model
        self._patience = patience
        self._progressed_at = patience.clock()
        self._told_at = self._looked_at = float("-inf")
        self._mark: object = None

    def wait_for_server(self) -> None:
        """Return once the server answers; a container that ended stops the wait at once."""
        started_at = self._patience.clock()
        while True:
            try:
                self._api.version()
            except (OllamaUnreachableError, OllamaError) as error:
                self._still_patient(error)
            else:
                self._progress("server answers")
                return
            waited_s = self._patience.clock() - started_at
            self._tell(f"waiting for Ollama to answer, {waited_s:.0f} s")
            self._patience.sleep(_BRISK_PAUSE_S if waited_s < _BRISK_FOR_S else _PAUSE_S)

    def stored(self) -> StoredModel | None:
        try:
            return self._api.models().get(ModelName.parse(self._model))
        except (OllamaUnreachableError, OllamaError) as error:
            raise ModelError(f"Ollama did not list its models: {error}.\n  Run `pulumi up` again.") from None

    def pull(self) -> None:
        while True:
            try:
                for event in self._api.pull(self._model):
                    self._follow(event)
            except OllamaError as error:
                raise ModelError(_pull_advice(self._model, str(error))) from None
            except OllamaUnreachableError as error:
                self._still_patient(error)
                self._tell(f"pull broke off, resuming: {error}")
                self._patience.sleep(_PAUSE_S)
            else:
                return

    def import_file(self, source: Import) -> None:
        weights, adapter = source.weights, source.adapter
        adapters = {"adapters": adapter.named} if adapter else {}
        try:
            for blob in (weights, adapter) if adapter else (weights,):
                if not self._api.has_blob(blob.sha256):
                    self._upload(blob)
            for event in self._api.create(
                {"model": self._model, "files": weights.named, **adapters, **source.settings}
            ):
                self._progress(event)
                self._tell(f"importing {weights.path.name}: {event.get('status', '')}")
        except (OllamaError, OllamaUnreachableError) as error:
            raise ModelError(
                f"Ollama did not import {weights.path} as {self._model!r}: {error}.\n"
                "  Check path, template and parameters under `gguf` in the stack file, then run `pulumi up` again."
            ) from None

    def _upload(self, blob: Blob) -> None:
        size = blob.path.stat().st_size

        def sent(count: int) -> None:
            self._progress(count)
            self._tell(f"sending {blob.path.name}: {_share(count, size)}", last=count == size)

        self._api.upload(blob.path, blob.sha256, sent)

    def _follow(self, event: Mapping[str, Any]) -> None:
        mark = (event.get("status"), event.get("digest"), event.get("completed"))
        if mark != self._mark:
            self._progress(mark)
        elif self._stalled():
            raise ModelError(self._stall_text(f"pull of {self._model!r} stands still at {self._mark}"))
        if "total" in event:
            done, total = event.get("completed", 0), event["total"]
            self._tell(f"pulling {self._model}: {_share(done, total)}", last=done == total)
        else:
            self._tell(f"{self._model}: {event.get('status', '')}")

    def _progress(self, mark: object) -> None:
        self._mark = mark
        self._progressed_at = self._patience.clock()

    def _stalled(self) -> bool:
        return self._patience.clock() - self._progressed_at > self._patience.stall_s

    def _still_patient(self, error: Exception) -> None:
        now = self._patience.clock()
        if now - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = now
            if reason := self._patience.why_dead():
                raise ModelError(f"Ollama will not answer: {reason}\n  Fix the cause, then run `pulumi up` again.")
        if self._stalled():
            raise ModelError(self._stall_text(str(error)))

    def _stall_text(self, what: str) -> str:
        return (
            f"{what}, without progress for {self._patience.stall_s:g} s.\n"
            "  Run `pulumi up` again to resume, or allow more: `ready.stallTimeoutS` of this LLM in the stack file."
        )

    def _tell(self, line: str, *, last: bool = False) -> None:
        now = self._patience.clock()
        if last or now - self._told_at >= _REPORT_EVERY_S:
            self._told_at = now
            self._patience.tell(line)


def _share(done: int, total: int) -> str:
    return f"{100 * done // max(1, total)} % of {total / _MB:,.0f} MB"


def _pull_advice(model: str, error: str) -> str:
    advice = "Run `pulumi up` again; what was pulled so far is kept."
    if "file does not exist" in error or "not found" in error:
        advice = "Check the tag at https://ollama.com/library, then set `model` of this LLM in the stack file."
    elif "no such host" in error or "dial tcp" in error:
        advice = "The container cannot reach the registry: check network and proxy, or import a file with `gguf`."
    elif "no space left" in error:
        advice = "Free disk space where Docker keeps volumes (`docker system df`), then run `pulumi up` again."
    return f"Ollama could not pull {model!r}: {error}.\n  {advice}"

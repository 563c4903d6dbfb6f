"""
CRUD of `OllamaModel`. The path of this module and the name of the class are stored in every state: moving them needs an
ADR, a shim and an upgrade test.
"""

from collections.abc import Callable
from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components import progress
from components.foreseen import foreseen
from components.llm import egress, gguf
from components.llm.egress import EgressError
from components.llm.gate.container_state import ContainerWatch
from components.llm.gateway.candidate import removed_unless_proven
from components.llm.model_name import ModelName
from components.llm.model_work import Blob, Import, ModelError, ModelWork, Patience
from components.llm.ollama_api import OllamaApi, OllamaError, OllamaUnreachableError, StoredModel
from components.llm.volume_files import VolumeFilesError
from components.redaction import Redactor

_SETTINGS = ("template", "parameters", "system")
_FILES = ("gguf", "adapter")
_SOURCE = ("model", "gguf_path", "adapter_path", *_SETTINGS)
_COMPARED = ("api_url", "token", "server", "pinned_digest", *_SOURCE, "__provider")

Props = dict[str, Any]


class OllamaModelProvider(ResourceProvider):
    """
    Inputs: `api_url`, `token` (of the door in front of it), `server` (container id), `gateway` (`volume`, `image`,
    `address`), `egress_network`, `model`, `pinned_digest`, `gguf_path`, `adapter_path`, `template`, `parameters`,
    `system`, `stall_timeout_s`, `progress_urn`. Outputs: those, and `digest` (as found on the server),
    `installed_digest` (as we left it), `size_bytes`, of both files `…_fingerprint` and `…_sha256`, and `egress_open`,
    true when a refresh found that an interrupted pull had left the way out open.

    Nothing is ever removed here: the old model has to stay until the agents have moved (`unused_models`), and a server
    that goes takes its volume along.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in _COMPARED)
        drifted = (
            _olds["digest"] != _olds["installed_digest"]
            or _file_changed(_olds, _news)
            or _olds.get("egress_open", False)
        )
        return DiffResult(changes=changed or drifted, replaces=[])

    @foreseen(ModelError, EgressError, VolumeFilesError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult("model", _install(props, keep=lambda _: _is_complete(props)))

    @foreseen(ModelError, EgressError, VolumeFilesError)
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        if _olds["model"] != _news["model"]:
            # As at first: after a change that was taken back, the one that is there serves at this moment.
            return UpdateResult(_install(_news, keep=lambda _: _is_complete(_news)))
        same = all(_olds.get(key) == _news.get(key) for key in _SOURCE) and not _file_changed(_olds, _news)
        return UpdateResult(_install(_news, keep=lambda stored: same and stored.digest == _olds["installed_digest"]))

    def read(self, id_: str, props: Props) -> ReadResult:
        try:
            with OllamaApi(props["api_url"], token=props.get("token")) as api:
                stored = api.models().get(ModelName.parse(props["model"]))
        except (OllamaUnreachableError, OllamaError):
            # A stopped server says nothing about its disk; container and gate report it.
            return ReadResult(id_, props)
        is_open = egress.is_open(props["server"], props.get("egress_network"))
        found = {"digest": stored.digest, "egress_open": is_open} if stored else {}
        return ReadResult(id_, {**props, **found}) if stored else ReadResult("", {})


def _is_complete(props: Props) -> bool:
    """Of a model that is there: a pulled one is. An imported one is made again, since only that proves its settings."""
    return "gguf_path" not in props


def _file_changed(olds: Props, news: Props) -> bool:
    """Whether other weights lie at the path now. A file that is gone did not change: preflight asks for it by name."""
    return any(_is_other(olds, news, file) for file in _FILES)


def _is_other(olds: Props, news: Props, file: str) -> bool:
    if f"{file}_path" not in news or f"{file}_sha256" not in olds:
        return False
    path = gguf.locate(news[f"{file}_path"])
    try:
        if gguf.fingerprint(path) == olds[f"{file}_fingerprint"]:
            return False
        return gguf.sha256(path) != str(olds[f"{file}_sha256"])
    except OSError:
        return False


def _install(props: Props, keep: Callable[[StoredModel], bool]) -> Props:
    """Bring the model to the server, unless the one there may stay; the outputs."""
    outs = dict(props)
    server, network = props["server"], props.get("egress_network")
    with (
        removed_unless_proven(props.get("gateway"), server, purpose="model"),
        OllamaApi(props["api_url"], token=props.get("token"), silence_s=props["stall_timeout_s"]) as api,
        ContainerWatch(server, Redactor()) as watch,
    ):
        work = ModelWork(api, props["model"], _patience(props, watch))
        work.wait_for_server()
        stored = work.stored()
        source = _source(props)
        for file, blob in zip(_FILES, (source.weights, source.adapter) if source else (), strict=False):
            if blob:
                outs[f"{file}_sha256"] = blob.sha256
                outs[f"{file}_fingerprint"] = gguf.fingerprint(blob.path)
        if stored is None or not keep(stored):
            if source:
                work.import_file(source)
            else:
                with egress.open_while_fetching(server, network):
                    work.pull()
            stored = work.stored()
        egress.shut(server, network)
        if stored is None:
            raise ModelError(f"Ollama reported success but does not list {props['model']!r}.\n  Run `pulumi up` again.")
        _require_pinned(props, stored)
    found = {"digest": stored.digest, "installed_digest": stored.digest, "size_bytes": stored.size_bytes}
    return outs | found | {"egress_open": False}


def _require_pinned(props: Props, stored: StoredModel) -> None:
    pinned = props.get("pinned_digest", "").removeprefix("sha256:")
    if pinned and pinned != stored.digest:
        raise ModelError(
            f"{props['model']!r} is sha256:{stored.digest}, and not the pinned sha256:{pinned}: its tag was moved.\n"
            "  Look at what changed, then correct `digest` of this LLM in the stack file."
        )


def _source(props: Props) -> Import | None:
    if "gguf_path" not in props:
        return None
    settings = {key: _whole_numbers(props[key]) for key in _SETTINGS if props.get(key)}
    return Import(_blob(props, "gguf"), settings, _blob(props, "adapter") if "adapter_path" in props else None)


def _blob(props: Props, file: str) -> Blob:
    path = gguf.locate(props[f"{file}_path"])
    progress.report(props["progress_urn"], f"hashing {path.name}")
    try:
        return Blob(path, gguf.sha256(path))
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}.\n  Put the file there, or correct `gguf`."
        ) from None


def _whole_numbers(value: Any) -> Any:
    """Undo Pulumi's floats: Ollama refuses `num_ctx: 2048.0`."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole_numbers(one) for key, one in value.items()}
    return value


def _patience(props: Props, watch: ContainerWatch) -> Patience:
    first = watch()

    def why_dead() -> str | None:
        state = watch()
        reason = state.failure_since(first)
        return reason and "\n    ".join([f"{reason}. Last log lines:", *state.log_tail])

    return Patience(props["stall_timeout_s"], lambda line: progress.report(props["progress_urn"], line), why_dead)

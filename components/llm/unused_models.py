"""
Models that an Ollama of ours still holds and nobody declares any more. The module path is stored in every state.

A resource of its own, after the agents: a model may go only once nothing points at it. Deleting it along with the
replaced resource instead would, after a failed proof and a step back, delete the very model that is in use.
"""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.llm.model_name import ModelName
from components.llm.ollama_api import OllamaApi, OllamaError, OllamaUnreachableError

Props = dict[str, Any]


class LeftOverModelError(Exception):
    """Ollama did not remove a model."""


class UnusedModelsProvider(ResourceProvider):
    """
    Inputs: `api_url`, `token` (of the door in front of it), `declared` (a model name). Output: `unused`, the names
    found beside it by the last refresh.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in ("api_url", "token", "declared", "__provider"))
        return DiffResult(changes=changed or bool(_olds["unused"]), replaces=[])

    @foreseen(LeftOverModelError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult("unused", _removed(props))

    @foreseen(LeftOverModelError)
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        return UpdateResult(_removed(_news))

    def read(self, id_: str, props: Props) -> ReadResult:
        try:
            with _api(props) as api:
                return ReadResult(id_, {**props, "unused": _unused(api, props)})
        except (OllamaUnreachableError, OllamaError):
            # A stopped server says nothing about its disk; container and gate report it.
            return ReadResult(id_, props)


class UnusedModels(pulumi.dynamic.Resource, module="trugen", name="UnusedModels"):
    """
    Keeps only the model *declared* on the server at *api_url*, whose door expects *token*; whoever uses another stands
    in `depends_on`.
    """

    unused: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        name: str,
        api_url: pulumi.Input[str],
        token: pulumi.Input[str],
        declared: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {"api_url": api_url, "token": pulumi.Output.secret(token), "declared": declared, "unused": None}
        super().__init__(UnusedModelsProvider(), name, props, opts)


def _api(props: Props) -> OllamaApi:
    return OllamaApi(props["api_url"], token=props.get("token"))


def _unused(api: OllamaApi, props: Props) -> list[str]:
    declared = ModelName.parse(props["declared"])
    return sorted(str(name) for name in api.models() if name != declared)


def _removed(props: Props) -> Props:
    try:
        with _api(props) as api:
            for name in _unused(api, props):
                api.delete(name)
    except (OllamaUnreachableError, OllamaError) as error:
        raise LeftOverModelError(
            f"A model that is not used any more could not be removed from {props['api_url']}: {error}.\n"
            "  Nothing depends on it; run `pulumi up` again to free its disk space."
        ) from None
    return {**props, "unused": []}

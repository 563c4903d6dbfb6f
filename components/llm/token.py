"""The bearer token of an endpoint that has none yet. The path of this module is stored in every state."""

import secrets
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ResourceProvider, UpdateResult

_RANDOM_BYTES = 32


class BearerTokenProvider(ResourceProvider):
    """
    Generates once for each `generation`. Only letters, digits, `-` and `_`: gateways match tokens by pattern, and `*`
    would match all.
    """

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("generated", _generated(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        renewed = _generation(_olds) != _generation(_news)
        return UpdateResult(_generated(_news) if renewed else {**_news, "value": _olds["value"]})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        renewed = _generation(_olds) != _generation(_news)
        return DiffResult(changes=renewed or _olds.get("__provider") != _news.get("__provider"))


class BearerToken(pulumi.dynamic.Resource, module="trugen", name="BearerToken"):
    """256 random bits; another *generation* makes new ones."""

    value: pulumi.Output[str]
    """Secret."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions, generation: int = 1) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(
            BearerTokenProvider(),
            name,
            {"generation": generation, "value": None},
            pulumi.ResourceOptions.merge(opts, secret),
        )


def _generated(props: dict[str, Any]) -> dict[str, Any]:
    return {**props, "value": secrets.token_urlsafe(_RANDOM_BYTES)}


def _generation(props: dict[str, Any]) -> int:
    """The first for a state of a release that knew no generations."""
    return int(props.get("generation", 1))

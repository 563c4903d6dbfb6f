"""The bearer token of an endpoint that has none yet. The path of this module is stored in every state."""

import secrets
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ResourceProvider

_RANDOM_BYTES = 32


class BearerTokenProvider(ResourceProvider):
    """Generates once. Only letters, digits, `-` and `_`: gateways match tokens by pattern, and `*` would match all."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("generated", {**props, "value": secrets.token_urlsafe(_RANDOM_BYTES)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=_olds.get("__provider") != _news.get("__provider"))


class BearerToken(pulumi.dynamic.Resource, module="trugen", name="BearerToken"):
    """256 random bits; `pulumi up --replace <urn>` makes new ones."""

    value: pulumi.Output[str]
    """Secret."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(BearerTokenProvider(), name, {"value": None}, pulumi.ResourceOptions.merge(opts, secret))

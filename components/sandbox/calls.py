"""One call as the handlers see it, and the ways in which they refuse it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, from_json

from components.sandbox.behaviour import Behaviour
from components.sandbox.lag import Lag
from components.sandbox.store import Json, Store

_ECHOED = {"id", "created_at", "updated_at"}
_EXTRA: dict[str, Literal["ignore", "allow", "forbid"]] = {"drop": "ignore", "keep": "allow", "reject": "forbid"}


class Wire(BaseModel):
    """
    Base of the request bodies.

    Unknown members are dropped silently unless `unknown_fields` says otherwise: the harder case for a client.
    JSON types are taken literally, and a validation error never repeats the value: it may be a token or a prompt.
    """

    # `validated` decides about unknown members; a model that could not hold them would not show those kept.
    model_config = ConfigDict(strict=True, extra="allow", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Integer = Annotated[int, BeforeValidator(_whole)]
"""JSON Schema's integer: 240.0 is one too."""

Body = TypeVar("Body", bound=Wire)


class RefusedError(Exception):
    """The call is answered with `status` and `body` instead of a result."""

    def __init__(self, status: int, body: Mapping[str, str]) -> None:
        super().__init__(f"{status} {dict(body)}")
        self.status = status
        self.body = dict(body)


def bad_request(reason: str) -> RefusedError:
    """400 as documented, `Invalid request body`, followed by what the service would leave unsaid."""
    return RefusedError(400, {"error": f"Invalid request body: {reason}"})


def not_found(text: str, *, under: Literal["message", "error"] = "message") -> RefusedError:
    """404; the text stands under `message` but for MCP records and conversations (docs/contract)."""
    return RefusedError(404, {under: text})


@dataclass(frozen=True)
class Call:
    """What a handler may know of a request. `path` and `query` are decoded; `authorities`: see say.py."""

    store: Store
    behaviour: Behaviour
    lag: Lag
    authorities: Path | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    content_type: str
    body: bytes

    @property
    def id(self) -> str:
        return self.path["id"]

    def json(self) -> Json:
        """
        Body as a JSON object.

        Raises:
            RefusedError: not JSON, not an object, or a number that cannot be written back (NaN, 1e999).
        """
        try:
            document = from_json(self.body, allow_inf_nan=False)
            json.dumps(document, allow_nan=False)
        except ValueError:
            raise bad_request("not JSON") from None
        if not isinstance(document, dict):
            raise bad_request("not a JSON object")
        return document

    def parse(self, model: type[Body]) -> Body:
        """Body as *model*; RefusedError names the members that failed, never their values."""
        return self.checked(model, self.json())

    def checked(self, model: type[Body], document: Json) -> Body:
        try:
            return self.validated(model, document)
        except ValidationError as error:
            raise _refusal(error) from None

    def validated(self, model: type[Body], document: Json) -> Body:
        """*document* as *model*, or pydantic's own ValidationError. Members that only the server sets are no input."""
        own = {key: value for key, value in document.items() if key not in _ECHOED}
        return model.model_validate(own, extra=_EXTRA[self.behaviour.unknown_fields])


def _refusal(error: ValidationError) -> RefusedError:
    return bad_request("; ".join(map(_complaint, error.errors(include_url=False, include_input=False))))


def _complaint(error: ErrorDetails) -> str:
    place = ".".join(map(str, error["loc"]))
    return f"{place}: {error['msg']}" if place else error["msg"]

"""One answer as it was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """
    What came back to one call.

    Attributes:
        status: 0 when no complete answer came.
        said: the server's own text or the reason there is none, redacted and cut.
        body: parsed JSON; None for what is no JSON.
    """

    status: int
    said: str = ""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_refusal(self) -> bool:
        """Whether the API understood the call and said no, so that nothing happened; a 408 leaves that open."""
        is_4xx = HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return is_4xx and self.status != HTTPStatus.REQUEST_TIMEOUT

    @property
    def is_gone(self) -> bool:
        return self.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}

    @property
    def objects(self) -> list[Json]:
        """The objects of a list; none where it is no list."""
        return [item for item in self.body if isinstance(item, dict)] if isinstance(self.body, list) else []

    @property
    def document(self) -> Json:
        return self.body if isinstance(self.body, dict) else {}

    def __str__(self) -> str:
        if not self.status:
            return f"no answer ({self.said})"
        return f"{self.status} {self.said!r}" if self.said and not self.ok else str(self.status)

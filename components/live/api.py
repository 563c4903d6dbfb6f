"""The API, asked one call at a time: counted, within a budget, nothing repeated but what a rate limit turned away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from components.live.answer import Answer
from components.redaction import Redactor
from components.trugen import attempt as http
from components.trugen.address import checked_key, checked_root
from components.trugen.errors import TrugenError

BUDGET_CALLS = 25
_LIMIT_S = 30.0
_LONGEST_PAUSE_S = 30.0
_MOST_TRIES = 3
_SAID_CHARS = 120


class BudgetSpentError(Exception):
    """The calls that a check may make were made."""


class Api:
    """
    One workspace.

    Args:
        secrets: what no text of the server may show, besides the key.
        budget_calls: calls it makes at most; tidying up may exceed it.
        sleep: takes seconds.
    Raises: ConnectionSettingsError for an address or a key that cannot be used.
    """

    def __init__(
        self,
        api_url: str,
        key: str,
        *,
        secrets: tuple[str, ...] = (),
        budget_calls: int = BUDGET_CALLS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.root = checked_root(api_url)
        self._headers = {"x-api-key": checked_key(key), "Accept": "application/json"}
        self._redactor = Redactor(key.strip(), *secrets)
        self._budget_calls = budget_calls
        self._tidying = False
        self.sleep = sleep
        self.calls = 0
        self.limited: list[Answer] = []

    def call(self, method: str, path: str, *, params: dict[str, Any] | None = None, body: object = None) -> Answer:
        """
        Ask, at most three times where the API answers 429.

        Raises:
            BudgetSpentError: nothing was sent.
        """
        for _ in range(_MOST_TRIES):
            answer = self._once(method, path, params, body)
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            self.limited.append(answer)
            self.sleep(_pause_s(answer))
        return answer

    def line(self, text: str, *, limit: int) -> str:
        """*text*, which may hold words of the server, fit to print."""
        return self._redactor.line(text, limit=limit)

    @contextmanager
    def tidying(self) -> Iterator[None]:
        """Calls in this block are counted but not limited: leaving something behind is worse."""
        before, self._tidying = self._tidying, True
        try:
            yield
        finally:
            self._tidying = before

    def _once(self, method: str, path: str, params: dict[str, Any] | None, body: object) -> Answer:
        if self.calls >= self._budget_calls and not self._tidying:
            raise BudgetSpentError
        self.calls += 1
        request = http.Request(method, self.root + path, f"{method} {path}", self._headers, params, body)
        try:
            answer = http.attempt(request, limit_s=_LIMIT_S, ca_bundle=None)
        except TrugenError as error:
            return Answer(0, str(error).splitlines()[0].rstrip("."))
        return Answer(answer.status, self._said(answer.body), _parsed(answer.body), answer.headers)

    def _said(self, body: bytes) -> str:
        document = _parsed(body)
        told = [document[key] for key in ("error", "message") if isinstance(document, dict) and document.get(key)]
        text = told[0] if told and isinstance(told[0], str) else body.decode("utf-8", "replace")
        return self._redactor.line(text, limit=_SAID_CHARS)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _pause_s(answer: Answer) -> float:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_PAUSE_S) if asked.isdecimal() else 1.0

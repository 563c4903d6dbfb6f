"""The agent calls of the TruGen API (docs/contract, tag agents), one method each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from components.redaction import Redactor
from components.trugen.errors import AmbiguousError, UnexpectedAnswerError
from components.trugen.http import Transport
from components.trugen.models import PAGE, Ack, ShownAgent

PER_PAGE = 50
MAX_PAGES = 400


class TrugenClient:
    """
    Client of one TruGen workspace.

    Args:
        api_url: API root, like `https://api.trugen.ai/v1`; plain http on loopback only.
        api_key: Sent as `x-api-key`.
        credentials: Tokens, and *prose*: prompts; both are hidden, like the key, in every text of the server.
        ca_bundle: File of CA certificates to trust instead of the usual ones.
        deadline_s: Budget of one call with its retries, in seconds.
        clock: Monotonic seconds; with *sleep* and *draw* replaceable in tests.
        on_wait: Told in one line about every pause before a retry.

    Raises: the classes of errors.py, from every method.
    """

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        credentials: Iterable[str] = (),
        prose: Iterable[str] = (),
        ca_bundle: str | None = None,
        deadline_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        draw: Callable[[], float] = random.random,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._transport = Transport(
            api_url,
            api_key,
            redactor=Redactor(api_key.strip(), *credentials, prose=prose),
            ca_bundle=ca_bundle,
            deadline_s=deadline_s,
            clock=clock,
            sleep=sleep,
            draw=draw,
            on_wait=on_wait,
        )

    def create_agent(self, body: dict[str, Any]) -> str:
        """Make an agent; returns its id. An answer without a usable id is an `AmbiguousError` too."""
        call = "POST /ext/agent"
        answer = self._transport.send("POST", "/ext/agent", body=body)
        try:
            return Ack.model_validate(self._transport.json(call, answer)).id
        except (UnexpectedAnswerError, ValidationError):
            raise AmbiguousError(call, f"{answer.status} came without a usable id") from None

    def get_agent(self, id_: str) -> dict[str, Any]:
        call, path = _agent_call("GET", id_)
        document = self._transport.json(call, self._transport.send("GET", path))
        try:
            shown = ShownAgent.model_validate(document)
        except ValidationError:
            raise UnexpectedAnswerError(call, "JSON that is no agent with id and agent_name") from None
        if shown.id != id_:
            raise UnexpectedAnswerError(call, f"the agent {shown.id!r}")
        return dict(document)

    def replace_agent(self, id_: str, body: dict[str, Any]) -> None:
        """PUT, a full replace: what *body* leaves out goes back to its default (TruGen, api-reference/agentupdate)."""
        self._confirmed("PUT", id_, body)

    def delete_agent(self, id_: str) -> None:
        self._confirmed("DELETE", id_, None)

    def search_agents(self, text: str) -> list[dict[str, Any]]:
        """
        Every agent that the API finds for *text* in name or id; how it matches is not documented, so filter again.

        `X-Total-Count` may be missing or wrong: pages are read until one brings nothing new, and when the header
        says that more exist, all are read once more, since an object deleted meanwhile moves the others up.
        """
        found: dict[str, dict[str, Any]] = {}
        for _ in range(2):
            total = self._read_pages(text, found)
            if len(found) >= total:
                break
        return list(found.values())

    def check_key(self) -> None:
        """GET /ext/avatars, the cheapest call that needs a key."""
        self._transport.json("GET /ext/avatars", self._transport.send("GET", "/ext/avatars"))

    def _read_pages(self, text: str, found: dict[str, dict[str, Any]]) -> int:
        """One pass over all pages into *found*; returns the largest total a header gave, 0 without one."""
        seen: set[str] = set()
        offset = total = 0
        for _ in range(MAX_PAGES):
            page, page_total = self._page(text, offset)
            total = max(total, page_total)
            fresh = {agent["id"]: agent for agent in page if agent["id"] not in seen}
            if not fresh:
                return total
            seen |= fresh.keys()
            found |= fresh
            offset += len(page)
        raise UnexpectedAnswerError("GET /ext/agent", f"page after page, {MAX_PAGES} of them, without an end")

    def _page(self, text: str, offset: int) -> tuple[list[dict[str, Any]], int]:
        call = "GET /ext/agent"
        answer = self._transport.send(
            "GET", "/ext/agent", params={"search": text, "offset": offset, "perpage": PER_PAGE}
        )
        try:
            page = self._transport.json(call, answer)
            PAGE.validate_python(page)
        except ValidationError:
            raise UnexpectedAnswerError(call, "JSON that is no list of agents") from None
        total = answer.headers.get("X-Total-Count", "")
        return page, int(total) if total.isdecimal() else 0

    def _confirmed(self, method: str, id_: str, body: dict[str, Any] | None) -> None:
        """Any empty or JSON answer confirms; HTML with status 200 is a portal that never passed the call on."""
        call, path = _agent_call(method, id_)
        answer = self._transport.send(method, path, body=body)
        if answer.body.strip():
            self._transport.json(call, answer)


def _agent_call(method: str, id_: str) -> tuple[str, str]:
    path = f"/ext/agent/{quote(id_, safe='')}"
    return f"{method} {path}", path

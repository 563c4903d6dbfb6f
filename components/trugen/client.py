"""One TruGen workspace: its objects by kind, and the check of the key."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable

from components.redaction import Redactor
from components.trugen.calls import AGENT_CALLS, Calls
from components.trugen.http import Transport
from components.trugen.objects import Objects
from components.trugen.pace import Pace


class TrugenClient:
    """
    Client of one TruGen workspace.

    Args:
        api_url: API root, like `https://api.trugen.ai/v1`; plain http on loopback only.
        api_key: Sent as `x-api-key`.
        credentials: Tokens, and *prose*: prompts; both are hidden, like the key, in every text of the server.
        ca_bundle: File of CA certificates to trust instead of the usual ones.
        deadline_s: Budget of one call with its retries, in seconds; waiting for *pace* does not count.
        pace: Shared by the clients of one process.
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
        pace: Pace | None = None,
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
            pace=pace or Pace(),
            clock=clock,
            sleep=sleep,
            draw=draw,
            on_wait=on_wait,
        )

    def objects(self, calls: Calls) -> Objects:
        return Objects(self._transport, calls)

    @property
    def agents(self) -> Objects:
        return self.objects(AGENT_CALLS)

    def check_key(self) -> None:
        """GET /ext/avatars, the cheapest call that needs a key."""
        self._transport.json("GET /ext/avatars", self._transport.send("GET", "/ext/avatars"))

"""What stands before every call of the API: a pause, and a limit of calls a second."""

import asyncio
import time
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from components.sandbox.behaviour import Behaviour

_PACED = ("/v1/", "/v2/")


class Pace:
    """Middleware. `/sandbox/...` is no part of TruGen's API and never waits."""

    def __init__(self, app: ASGIApp, behaviour: Behaviour) -> None:
        self._app = app
        self._latency_s = behaviour.latency_s
        self._bucket = Bucket(behaviour.rate_limit_rps) if behaviour.rate_limit_rps else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        paced = scope["path"].startswith(_PACED)
        if paced and self._latency_s:
            await asyncio.sleep(self._latency_s)
        if paced and self._bucket and not self._bucket.take():
            refusal = JSONResponse({"error": "Too many requests"}, 429, headers={"Retry-After": "1"})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Bucket:
    """
    Tokens for calls: one second's worth at the start, at least one, refilled at *rate* a second.

    Only the event loop takes from it, so it needs no lock.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = self._most = max(rate, 1.0)
        self._filled_at = clock()

    def take(self) -> bool:
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

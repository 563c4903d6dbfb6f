"""
The sandbox with a latency, in a process of its own, and with its calls counted.

`python -m benchmarks.slow_sandbox FOLDER LATENCY_S` serves it in a process of its own and prints its root.
"""

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from components.sandbox.app import create_app
from components.sandbox.behaviour import Behaviour
from components.sandbox.listener import listening
from components.sandbox.store import Store

API_KEY = "benchmark-only"  # of a server that lives for some minutes on loopback
_PROJECT = Path(__file__).resolve().parent.parent
_CALLS = "/benchmark/calls"


@dataclass(frozen=True)
class SlowSandbox:
    root: str

    @property
    def api_url(self) -> str:
        return f"{self.root}/v1"

    def calls(self) -> dict[str, int]:
        """How often each method was called since this was asked last."""
        counted: dict[str, int] = self._get(_CALLS)[0]
        return counted

    def agents(self) -> int:
        _, headers = self._get("/v1/ext/agent?perpage=1")
        return int(headers["X-Total-Count"])

    def _get(self, path: str) -> tuple[Any, Any]:
        request = urllib.request.Request(self.root + path, headers={"x-api-key": API_KEY})  # noqa: S310 - own loopback server
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - see above
            return json.load(answer), answer.headers


@contextmanager
def slow_sandbox(folder: Path, latency_s: float) -> Iterator[SlowSandbox]:
    """An empty sandbox in a process of its own, so that nobody's CPU time is its."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.slow_sandbox", str(folder), str(latency_s)]
    with subprocess.Popen(command, cwd=_PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        root = process.stdout.readline().strip()
        assert root, "the sandbox did not start; its reason stands above"
        try:
            yield SlowSandbox(root)
        finally:
            process.terminate()


class _Counted:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._calls: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == _CALLS:
            counted, self._calls = self._calls, Counter()
            await JSONResponse(counted)(scope, receive, send)
        else:
            self._calls[scope["method"]] += 1
            await self._app(scope, receive, send)


def _serve(folder: str, latency_s: str) -> None:
    store = Store(Path(folder) / "sandbox.sqlite3")
    app = _Counted(create_app(store, API_KEY, Behaviour(latency_s=float(latency_s))))
    listener = listening(0)
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, lifespan="off", ws="none", log_level="error", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run([listener])
    store.close()


if __name__ == "__main__":
    _serve(*sys.argv[1:])

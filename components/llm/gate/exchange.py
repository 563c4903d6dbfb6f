"""
One HTTP request whose waiting can be watched and given up at any moment.

`requests` limits each socket read, so a server that drips a byte now and then holds a plain call for ever, and nobody
can look at the container meanwhile. Here a thread does the reading, and the caller is asked every `TICK_S` whether to
go on.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3

from components.llm.gate import authorities

MAX_BODY_BYTES = 4 << 20
TICK_S = 0.1
_READ_BYTES = 16 << 10
_CONNECT_LIMIT_S = 5.0
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# ValueError: a URL or a header that cannot be sent.
FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
Arrival = TypeVar("Arrival")


class BodyTooLarge(Exception):
    """The server sent more than `MAX_BODY_BYTES`."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    token: str | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Head:
    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Read:
    """Decoded bytes and when they came, in seconds since the request was sent."""

    at_s: float
    data: bytes


class Exchange:
    """
    A context manager: `head()` once, then `reads()`; leaving it gives the request up.

    *silence_s* is the thread's own limit between two bytes, a little above the caller's: given up before the head came,
    the connection is closed by it.

    Both raise what *tick* raises (the caller's reason to stop), `BodyTooLarge`, or one of `FAILURES` (the connection
    failed, or the request cannot be written); anything else is a fault of this program.
    """

    def __init__(
        self, request: Request, *, clock: Callable[[], float], tick: Callable[[], None], silence_s: float
    ) -> None:
        self._request = request
        self._clock = clock
        self._tick = tick
        self._silence_s = silence_s
        self._heads: queue.Queue[Head | Exception] = queue.Queue()
        self._reads: queue.Queue[Read | Exception | None] = queue.Queue()
        self._given_up = threading.Event()
        self._response: requests.Response | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._work, name=f"probe {self._request.url}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._given_up.set()
        if self._response is not None:
            # Wakes the thread out of its read; it is an error when the body has already come to its end.
            with contextlib.suppress(RuntimeError, ValueError, OSError):
                self._response.raw.shutdown()

    def head(self) -> Head:
        return self._next(self._heads)

    def reads(self) -> Iterator[Read]:
        while (read := self._next(self._reads)) is not None:
            yield read

    def _next(self, arrivals: "queue.Queue[Arrival | Exception]") -> Arrival:
        while True:
            self._tick()
            try:
                arrival = arrivals.get(timeout=TICK_S)
            except queue.Empty:
                continue
            if isinstance(arrival, Exception):
                raise arrival
            return arrival

    def _work(self) -> None:
        try:
            with _session(self._request.url) as session:
                self._receive(session)
        except Exception as error:  # noqa: BLE001 - raised in the caller's thread, which would wait for it otherwise
            self._heads.put(error)
            self._reads.put(error)
        else:
            self._reads.put(None)

    def _receive(self, session: requests.Session) -> None:
        sent_at = self._clock()
        with session.request(
            self._request.method,
            self._request.url,
            json=self._request.json,
            headers=self._request.headers,
            auth=_bearer(self._request.token),
            allow_redirects=False,  # a login page, or another host that would get the token
            stream=True,
            verify=_trusted(self._request.url),
            timeout=(_CONNECT_LIMIT_S, self._silence_s),
        ) as response:
            self._response = response
            self._heads.put(Head(response.status_code, response.headers))
            size = 0
            while not self._given_up.is_set() and (data := response.raw.read1(_READ_BYTES, decode_content=True)):
                self._reads.put(Read(self._clock() - sent_at, data))
                size += len(data)
                if size > MAX_BODY_BYTES:
                    raise BodyTooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")


def _session(url: str) -> requests.Session:
    session = requests.Session()
    # A proxy cannot reach our loopback. Elsewhere the user's proxy settings hold.
    session.trust_env = urlsplit(url).hostname not in _LOOPBACK
    return session


def _trusted(url: str) -> str | bool:
    """
    A file of CA certificates; True for the usual ones.

    To be given with the request: `requests` lets the environment overrule what a session says.
    """
    own = authorities.file_for(url)
    return str(own) if own.is_file() else os.environ.get("REQUESTS_CA_BUNDLE") or True


def _bearer(token: str | None) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Authorize, or leave alone: without an `auth` of our own `requests` would send a login from ~/.netrc."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize

"""
One HTTP request, one answer, within a limit that nothing can stretch.

The timeouts of `requests` count per read: one byte every half second passed a timeout of 1 s for 5.5 s (measured,
requests 2.34.2), and name resolution has no timeout at all. So the request runs in a thread that is left behind when
its time is up.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from components.trugen.address import proxies_for
from components.trugen.errors import NoAnswerError, TooLargeError, TrugenError, UnreachableError

CONNECT_TIMEOUT_S = 10.0
MAX_BODY_BYTES = 16 * 2**20
PIECE_BYTES = 64 * 2**10
# Kept open between calls: TLS costs more round trips than the call itself. urllib3 drops a connection that died while
# idle; one that dies in that very moment fails as any other does, and what may be repeated is.
_CONNECTIONS = requests.adapters.HTTPAdapter(pool_maxsize=64)


Form = Mapping[str, tuple[str | None, str | bytes]]
"""Parts of a multipart/form-data body: file name (None for a plain field) and content."""


@dataclass(frozen=True)
class Request:
    """*call* names the request in messages, like `PUT /ext/agent/7d0a`; it has a JSON *body*, a *form*, or neither."""

    method: str
    url: str
    call: str
    headers: Mapping[str, str]
    params: Mapping[str, str | int] | None = None
    body: object = None
    form: Form | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def attempt(request: Request, *, limit_s: float, ca_bundle: str | None) -> Answer:
    """
    Send *request* once.

    Raises:
        UnreachableError: nothing was sent.
        NoAnswerError: no complete answer within *limit_s*; the request may have taken effect.
        TooLargeError: the answer is larger than any of the API.
    """
    outcome: Future[Answer] = Future()
    abandoned = threading.Event()

    def exchange() -> None:
        try:
            outcome.set_result(_exchange(request, limit_s, ca_bundle, abandoned))
        except BaseException as error:  # noqa: BLE001 - nothing is swallowed: it is raised in the waiting thread
            outcome.set_exception(error)

    # A daemon: a request that is left behind must not hold up the end of the process.
    threading.Thread(target=exchange, daemon=True).start()
    try:
        return outcome.result(limit_s)
    except TimeoutError:
        abandoned.set()
        raise NoAnswerError(request.call, f"{limit_s:.0f} s passed") from None
    except requests.RequestException as error:
        raise _translated(request, error) from None


def _exchange(request: Request, limit_s: float, ca_bundle: str | None, abandoned: threading.Event) -> Answer:
    session = requests.Session()  # holds nothing worth sharing: cookies, and settings that a thread might change
    session.trust_env = False  # .netrc would add credentials; proxies are passed by hand
    session.mount("https://", _CONNECTIONS)
    session.mount("http://", _CONNECTIONS)
    with session.request(
        request.method,
        request.url,
        params=request.params,
        json=request.body,
        files=request.form,
        headers=request.headers,
        timeout=(min(CONNECT_TIMEOUT_S, limit_s), limit_s),
        stream=True,
        # requests hands x-api-key to the host a redirect names, and on 307 the body with the LLM token too.
        allow_redirects=False,
        proxies=proxies_for(request.url),
        verify=ca_bundle or True,
    ) as response:
        body = bytearray()
        for piece in response.iter_content(PIECE_BYTES):
            body += piece
            if len(body) > MAX_BODY_BYTES:
                raise TooLargeError(request.call, MAX_BODY_BYTES // 2**20)
            if abandoned.is_set():
                break
        return Answer(response.status_code, response.headers, bytes(body))


def _translated(request: Request, error: requests.RequestException) -> TrugenError:
    """The library's texts are not passed on: they hold object addresses, and a proxy's URL with its password."""
    parts = urlsplit(request.url)
    host = parts.netloc
    reason: Any = error.args[0] if error.args else None
    reason = reason.reason if isinstance(reason, MaxRetryError) else reason
    if isinstance(error, requests.exceptions.ProxyError):
        return UnreachableError(host, "the proxy named by HTTPS_PROXY or HTTP_PROXY did not connect")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return UnreachableError(host, f"no connection within {CONNECT_TIMEOUT_S:.0f} s")
    if isinstance(reason, NameResolutionError):
        return UnreachableError(host, f"the name {parts.hostname} does not resolve")
    if isinstance(reason, NewConnectionError):
        return UnreachableError(host, "connection refused")
    certificate = _certificate_problem(error)
    if certificate:
        return UnreachableError(host, f"its TLS certificate is not accepted ({certificate})", lasting=True)
    return NoAnswerError(request.call, "the connection broke before the answer was complete")


def _certificate_problem(error: BaseException) -> str | None:
    """Only a refused certificate is surely before the request; other TLS errors may come in the middle of an answer."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        current = pending.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, ssl.SSLCertVerificationError):
            return current.verify_message
        pending += [*current.args, current.__cause__, current.__context__, getattr(current, "reason", None)]
    return None

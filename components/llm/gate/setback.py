"""What an answer, or the lack of one, means for the wait. Pure."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

from components.llm.gate.checks import Check

FailureClass = Literal["starting", "busy", "fatal", "suspect"]

_CLASS_OF_STATUS: Mapping[int, FailureClass] = {
    408: "starting",
    425: "starting",
    429: "busy",
    502: "starting",
    503: "starting",
    504: "starting",
}
_SERVER_FAULT = 500
_OUR_TOKEN_REFUSED = {401, 403}
_NO_CREDIT = 402


@dataclass(frozen=True)
class _Hopeless:
    """Words of an answer or a log line after which the engine will say the same next time; they fail `check`."""

    words: str
    next_step: str
    check: str | None = None


_MORE_CONTEXT = (
    "Widen the window: `pulumi config set --path llms.<llm>.contextLength <more>`, or shorten the system prompt."
)
_FREE_PORT = "Choose a free port: `pulumi config set --path llms.<llm>.port <port>`."
_ANOTHER_MODEL = "`pulumi config set --path llms.<llm>.model <name>`"
_ADD_CREDIT = "Add credit to the account at its provider, or raise its spending limit, then run `pulumi up` again."
_HOPELESS = (
    _Hopeless(
        "requires more system memory",
        "Choose a smaller model, or `pulumi config set --path llms.<llm>.memory <more>`.",
    ),
    _Hopeless(
        "out of memory", "Choose a smaller model, or `pulumi config set --path llms.<llm>.contextLength <less>`."
    ),
    _Hopeless("gated repo", "Accept the model's licence on its page, then give a token that may read it."),
    _Hopeless("address already in use", _FREE_PORT),
    _Hopeless("port is already allocated", _FREE_PORT),
    # OpenAI with 429, Anthropic with 400: their documentation of errors.
    _Hopeless("exceeded your current quota", _ADD_CREDIT),
    _Hopeless("credit balance is too low", _ADD_CREDIT),
    # BerriAI/litellm at v1.105.3, litellm/llms/anthropic: a 401 that is not about our token.
    _Hopeless(
        "litellm.authenticationerror: anthropicexception",
        "Store a key that Anthropic accepts: `pulumi config set --secret --path providerKeys.<llm>`.",
    ),
    _Hopeless(
        "cannot connect to host api.anthropic.com",
        "Let the container of this LLM reach api.anthropic.com:443, then run `pulumi up` again.",
    ),
    # vllm-project/vllm at v0.33.0, vllm/renderers/online_renderer.py.
    _Hopeless(
        "requires --enable-auto-tool-choice",
        "Name the parser of the model's calls: `pulumi config set --path llms.<llm>.toolCallParser <parser>`.",
        "O16",
    ),
    # ollama/ollama at v0.24.0, server/images.go.
    _Hopeless("does not support tools", f"Choose a model that can call tools: {_ANOTHER_MODEL}.", "O16"),
    # ggml-org/llama.cpp at b11434, tools/server/server-common.cpp; it answers 500.
    _Hopeless("image input is not supported", f"Choose a model that reads images: {_ANOTHER_MODEL}.", "O18"),
    # llama.cpp; vLLM and SGLang; TGI at db931fc, router/src/validation.rs.
    _Hopeless("exceeds the available context size", _MORE_CONTEXT, "context"),
    _Hopeless("maximum context length", _MORE_CONTEXT, "context"),
    _Hopeless("model's context length", _MORE_CONTEXT, "context"),
    _Hopeless("`inputs` must have less than", _MORE_CONTEXT, "context"),
    _Hopeless("`inputs` tokens + `max_new_tokens`", _MORE_CONTEXT, "context"),
)


class Setback(Exception):
    """
    One attempt did not pass.

    *answer* is what was heard, already redacted; empty when nothing was. *checks* are those that were made of it, the
    failed one last; without any it is the phase that failed.
    """

    def __init__(
        self,
        failure_class: FailureClass,
        cause: str,
        *,
        answer: str = "",
        next_step: str = "",
        retry_after_s: float | None = None,
        checks: Sequence[Check] = (),
    ) -> None:
        super().__init__(cause)
        self.failure_class = failure_class
        self.cause = cause
        self.answer = answer or cause
        self.next_step = next_step
        self.retry_after_s = retry_after_s
        self.checks = tuple(checks)

    @property
    def is_undecided(self) -> bool:
        """Whether it says nothing yet about the request: the server has not started, or has too much to do."""
        return self.failure_class in {"starting", "busy"}

    def failing(self, check_id: str) -> Self:
        """Name the check that failed, unless what was heard has named another."""
        self.checks = self.checks or (Check(check_id, "fail", self.cause),)
        return self


def setback_from_answer(
    status: int, headers: Mapping[str, str], message: str, *, redacted: Callable[[str], str] = str
) -> Setback:
    """Class of an HTTP answer that is not 200. *message* is what its body says."""
    said = redacted(message)
    answer = f"HTTP {status} {said}".rstrip()
    if (hopeless := setback_from_words(said)) is not None:
        return hopeless
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own range
        return _redirect(status, redacted(_without_query(urlsplit(headers.get("Location", "")))))
    if status in _OUR_TOKEN_REFUSED:
        next_step = "Set the token this endpoint accepts: `pulumi config set --secret --path llmTokens.<llm>`."
        return Setback("fatal", f"HTTP {status}, our token was refused", answer=answer, next_step=next_step)
    if status == _NO_CREDIT:
        return Setback("fatal", f"HTTP {status}, no credit left", answer=answer, next_step=_ADD_CREDIT)
    # A 5xx nobody listed (Cloudflare's 520 to 530) is the server's trouble, not our request's.
    failure_class = _CLASS_OF_STATUS.get(status, "suspect" if status >= _SERVER_FAULT else "fatal")
    wait_s = retry_after(headers.get("Retry-After", ""), now=datetime.now(UTC))
    return Setback(failure_class, answer, retry_after_s=wait_s)


def _without_query(target: SplitResult) -> str:
    """Login pages carry state and tokens there."""
    return f"{target.scheme}://{target.hostname}{target.path}" if target.hostname else target.path


def _redirect(status: int, where: str) -> Setback:
    next_step = "Set the URL the API itself answers on: `pulumi config set --path llms.<llm>.baseUrl <url>`."
    return Setback("fatal", f"HTTP {status} redirects to {where or 'nowhere'}, a login page?", next_step=next_step)


def setback_from_words(said: str) -> Setback | None:
    """A fatal setback when *said*, an answer or a log line, names a fault that time does not heal."""
    known = next((hopeless for hopeless in _HOPELESS if hopeless.words in said.lower()), None)
    if known is None:
        return None
    setback = Setback("fatal", said, next_step=known.next_step)
    return setback if known.check is None else setback.failing(known.check)


def setback_from_error(error: Exception, url: str, *, said: str) -> Setback:
    """Class of a request to *url* that got no answer. *said* is the library's text, redacted."""
    if isinstance(error, ValueError):
        return Setback("fatal", f"the request cannot be sent: {said}")
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, url)
        if isinstance(cause, socket.gaierror):
            # A name that does not exist is a typo or a tunnel minutes old; a resolver that fails may recover.
            unknown = cause.errno == socket.EAI_NONAME
            return Setback("suspect" if unknown else "starting", f"DNS: {cause.strerror}")
    for kind, cause_text in _CONNECTION_CAUSES.items():
        if any(isinstance(cause, kind) for cause in causes):
            return Setback("starting", cause_text)
    return Setback("starting", said)


_CONNECTION_CAUSES: Mapping[type[Exception], str] = {
    ConnectionRefusedError: "connection refused",
    ConnectionResetError: "connection reset",
    TimeoutError: "no connection in time",
}


def _tls(error: ssl.SSLError, url: str) -> Setback:
    if isinstance(error, ssl.SSLCertVerificationError):
        parts = urlsplit(url)
        look = f"`openssl s_client -connect {parts.hostname}:{parts.port or 443}`"
        next_step = (
            f"Look at the certificate: {look}. A CA of your own belongs into the file REQUESTS_CA_BUNDLE names; that of"
            " a gateway with `internal: true` is fetched again by `pulumi up`."
        )
        return Setback("fatal", f"TLS: {error.verify_message.rstrip('.')}", next_step=next_step)
    if error.reason == "WRONG_VERSION_NUMBER":
        return Setback(
            "fatal", "TLS: the server speaks plain HTTP", next_step="Write http:// or give it a certificate."
        )
    # Caddy breaks off the handshake while its certificate is being issued.
    return Setback("starting", f"TLS: {error.reason or 'handshake broken off'}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and everything inside: requests and urllib3 wrap in `args`, `reason` and `__context__` by turns."""
    seen: list[BaseException] = []
    open_ends = [error]
    while open_ends:
        cause = open_ends.pop()
        if any(cause is known for known in seen):
            continue
        seen.append(cause)
        yield cause
        inner = [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
        open_ends += [each for each in inner if isinstance(each, BaseException)]


def retry_after(value: str, *, now: datetime) -> float | None:
    """Seconds to wait by RFC 9110 10.2.3, seconds or a date; None when absent or malformed."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def error_text(body: str) -> str:
    """The message inside an error body, in the shapes of OpenAI, TGI, vLLM and Ollama; else the body itself."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return body
    error = fields.get("error", fields.get("message")) if isinstance(fields, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    return error if isinstance(error, str) else body

"""
What can go wrong between this machine and the TruGen API. Each message is complete: what happened, why, what to type.

    TrugenError
    ├── ConnectionSettingsError   nothing was sent: the URL or the key cannot be used
    ├── UnreachableError          nothing was sent: name, connection, TLS or proxy
    ├── NoAnswerError             a request went out, no complete answer came back
    ├── UnexpectedAnswerError     an answer that the contract does not know: HTML, a redirect
    │   └── TooLargeError         ... or larger than any of the API
    ├── UnavailableError          408, 425, 429 or 5xx until the retries were spent
    ├── AmbiguousError            a POST that may or may not have made an agent; never repeated blindly
    └── RefusedError              a final answer of 4xx
        ├── KeyRejectedError      401, 403
        └── NotFoundError         404, 410

Texts of the server reach these classes redacted (components/redaction.py): nothing here ever holds a key, a token or a
prompt.
"""

from __future__ import annotations

from http import HTTPStatus


class TrugenError(Exception):
    """
    Root of everything the client raises.

    `retry_after_s` is the pause the server asked for, in seconds; `lasting` faults are not worth a retry; `turned_away`
    means that the call was not even looked at (429).
    """

    retry_after_s: float = 0.0
    lasting: bool = False
    turned_away: bool = False


def in_one_line(error: Exception) -> str:
    """What happened and what to do about it, for a sentence of somebody else."""
    return " ".join(line.strip() for line in str(error).splitlines())


class ConnectionSettingsError(TrugenError):
    """The API URL or the key cannot be used as it is written. The key itself is never shown."""

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(f"{problem}\n  {next_step}")


class UnreachableError(TrugenError):
    """No connection was made, so repeating the call is safe for every verb, POST included."""

    def __init__(self, host: str, cause: str, *, lasting: bool = False) -> None:
        super().__init__(
            f"Cannot reach {host}: {cause}.\n"
            f"  Try `curl -sv https://{host}/` from this machine; proxies are taken from HTTPS_PROXY and NO_PROXY."
        )
        self.lasting = lasting


class NoAnswerError(TrugenError):
    """The request was sent and the answer is missing or incomplete."""

    def __init__(self, call: str, cause: str) -> None:
        super().__init__(
            f"TruGen gave no complete answer to {call}: {cause}.\n"
            "  Run the same command again: it continues where it was."
        )
        self.cause = cause


class UnexpectedAnswerError(TrugenError):
    """Something answered, but not the API of the contract: a portal, a proxy, another product."""

    def __init__(self, call: str, found: str) -> None:
        super().__init__(
            f"Unexpected answer to {call}: {found}.\n"
            "  Check that the API URL is the root (https://api.trugen.ai/v1), not a portal or proxy in front of it."
        )


class TooLargeError(UnexpectedAnswerError):
    """Nobody knows what stands in the rest, so after a POST this is no refusal."""

    def __init__(self, call: str, limit_mib: int) -> None:
        super().__init__(call, f"more than {limit_mib} MiB")


class UnavailableError(TrugenError):
    """The service answered that it cannot serve the call now, to the end of the retries."""

    def __init__(self, call: str, status: int, text: str, *, retry_after_s: float = 0.0) -> None:
        when = f"in {retry_after_s:.0f} s, as TruGen asks" if retry_after_s else "in a few minutes"
        super().__init__(f"TruGen could not serve {call}: {status} {text!r}.\n  Run the same command again {when}.")
        self.status = status
        self.retry_after_s = retry_after_s
        self.turned_away = status == HTTPStatus.TOO_MANY_REQUESTS


class AmbiguousError(TrugenError):
    """A POST without a usable answer."""

    def __init__(self, call: str, cause: str, *, retry_after_s: float = 0.0, turned_away: bool = False) -> None:
        super().__init__(
            f"It is unknown whether {call} took effect: {cause}.\n"
            "  Run `pulumi up` again: it searches for what this run may have made before it makes anything."
        )
        self.cause = cause
        self.retry_after_s = retry_after_s
        self.turned_away = turned_away


class RefusedError(TrugenError):
    """The service understood the call and said no; repeating it changes nothing."""

    next_step = "Correct the value that the answer names, then run `pulumi up` again."

    def __init__(self, call: str, status: int, text: str) -> None:
        super().__init__(f"TruGen refused {call}: {status} {text!r}.\n  {self.next_step}")
        self.status = status


class KeyRejectedError(RefusedError):
    """401 or 403: never a sign that an agent is gone."""

    next_step = (
        "Give a valid key: `export TRUGEN_API_KEY=...`, or `pulumi config set --secret trugenApiKey`. "
        "The variable wins; without it a refresh, with which every `up` begins, takes the key of the last `up`."
    )


class NotFoundError(RefusedError):
    """404 or 410: no such object for this key. So answers another workspace's object (documented for guardrails)."""

    next_step = "Check the id in the TruGen console, and that the key belongs to the agent's workspace."

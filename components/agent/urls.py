"""
What the URLs of an agent may look like. Pure: no name is resolved, nothing is contacted.

Rules: contract 7 rows 30 and 31, research/reliability.md section 3 rows 1-11 and 57.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, ValidationInfo

MAX_URL_CHARACTERS = 2000
# urllib reads `http://evil\@127.0.0.1/` as 127.0.0.1 and urllib3 as evil: refuse what parsers disagree on.
_DISPUTED = re.compile(r"[\\\s\x00-\x1f\x7f]|%2e|%2f|%5c|/\.\.?(?:/|$)|(?<!:)//", re.IGNORECASE)
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata"})


def llm_url(value: str) -> str:
    """*value* as TruGen wants it: the base URL, without trailing slash and without `/chat/completions`."""
    parts = _parsed(value)
    if parts.query or parts.fragment:
        raise ValueError("holds '?' or '#'; give the base URL only, like 'https://llm.example.com/v1'")
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    if doubled := re.search(r"(/v\d+)\1$", path):
        raise ValueError(f"ends in {doubled[0]!r}; write the version once: {doubled[1]!r}")
    return f"{parts.scheme}://{parts.netloc}{path}"


def callback_url(value: str) -> str:
    """Empty for none. A query is allowed: TruGen signs nothing, so a secret in the URL tells its calls from others."""
    if value:
        _parsed(value)
    return value


def why_not_public(url: str) -> str | None:
    """
    Why TruGen, calling from the internet, could not or must not use *url*; None when it can.

    Judges what is written, `127.1` and `2130706433` included; a name that resolves privately is the gate's to find.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    address = _address(host)
    if address is not None and (not address.is_global or address.is_multicast):
        return f"{host} is a loopback, private or reserved address that TruGen cannot reach"
    if address is None and ("." not in host or host.endswith(_LOCAL_SUFFIXES)):
        return f"{host} is a name of this network only; TruGen cannot reach it"
    if parts.scheme != "https":
        return "plain http would carry prompts and the token unencrypted over the internet; use https"
    return None


def _parsed(value: str) -> SplitResult:
    if len(value) > MAX_URL_CHARACTERS:
        raise ValueError(f"is {len(value)} characters long; {MAX_URL_CHARACTERS} are the limit")
    if _DISPUTED.search(value) or not value.isascii():
        raise ValueError("holds a blank, backslash, '..', '//' or non-ASCII character (write such a host in punycode)")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL; write it like 'https://llm.example.com/v1'") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError("does not start with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password; a URL is shown in plans and logs, so give the secret apart")
    if not parts.hostname or port == 0:
        raise ValueError("names no host or port 0; write it like 'https://llm.example.com/v1'")
    address = _address(parts.hostname)
    if parts.hostname.rstrip(".") in _METADATA_NAMES or (address is not None and address.is_link_local):
        raise ValueError("points at a link-local or cloud metadata address, which never serves this")
    return parts


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read *host* the way the C library will: `127.1`, `0x7f.1` and `2130706433` are loopback too."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address


def _public_when_asked(value: str, info: ValidationInfo) -> str:
    reason = why_not_public(value) if value and (info.context or {}).get("public") else None
    if reason:
        raise ValueError(reason)
    return value


LlmUrl = Annotated[str, AfterValidator(llm_url), AfterValidator(_public_when_asked)]
CallbackUrl = Annotated[str, AfterValidator(callback_url), AfterValidator(_public_when_asked)]
"""Validated with the context `{"public": True}`, both must be reachable from the internet (agents of the real API)."""

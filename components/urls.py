"""What a URL in a stack may look like. Pure: no name is resolved and nothing is contacted."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

import idna

MAX_CHARACTERS = 2000
# urllib reads `http://evil\@127.0.0.1/` as 127.0.0.1 and urllib3 as evil: refuse what parsers disagree on.
_DISPUTED = re.compile(r"[\\\s\x00-\x1f\x7f]|%2e|%2f|%5c|/\.\.?(?:/|$)|(?<!:)//", re.IGNORECASE)
_HOST_NAME = re.compile(r"[a-z0-9._-]+")
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata"})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def api_root(text: str) -> str:
    """
    Normalise the root of an HTTP API: no trailing slash, no `/chat/completions`, the host in punycode.

    Raises:
        ValueError: the reason, without any part of the URL that may hold a password.
    """
    parts = _parsed(text)
    if parts.query or parts.fragment:
        raise ValueError("holds '?' or '#'; give the root of the API only, like 'https://api.example.com/v1'")
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    if doubled := re.search(r"(/v\d+)\1$", path):
        raise ValueError(f"ends in {doubled[0]!r}; write the version once: {doubled[1]!r}")
    return f"{parts.scheme}://{parts.netloc}{path}"


def callback_url(text: str) -> str:
    """
    Normalise the URL of a webhook: the host in punycode, all else as written; empty stands for none.

    A query is allowed: TruGen signs nothing, so a secret in the URL tells its calls from others.

    Raises:
        ValueError: as `api_root`.
    """
    return _parsed(text).geturl() if text else ""


def why_not_public(url: str) -> str | None:
    """
    Say why a service on the internet cannot, or must not, call *url*; None when it can.

    Judges what is written, `127.1` and `2130706433` included. A public name with a private address is the gate's to
    find.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    address = _address(host)
    if address is not None and (not address.is_global or address.is_multicast):
        return f"{host} is a loopback, private or reserved address"
    if address is None and ("." not in host or host.endswith(_LOCAL_SUFFIXES)):
        return f"{host} is a name of this network only"
    if parts.scheme != "https":
        return "plain http would carry prompts and the token unencrypted over the internet; use https"
    return None


def is_loopback(url: str) -> bool:
    """Whether only this machine can call *url*."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _parsed(text: str) -> SplitResult:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"is {len(text)} characters long; {MAX_CHARACTERS} are the limit")
    if _DISPUTED.search(text):
        raise ValueError("holds a blank, backslash, '..' or '//', which HTTP clients read in different ways")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # its text may show the end of a password as the port
        raise ValueError("is not a URL; write it like 'https://api.example.com/v1'") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError("does not start with https:// (or http:// beside the sandbox)")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "holds a user name or password, which plans and logs would show; a key belongs in `llmTokens`,"
            " `secretHeaders` or `trugenApiKey`"
        )
    if not parts.hostname:
        raise ValueError("names no host; write it like 'https://api.example.com/v1'")
    if port == 0:
        raise ValueError("has port 0; write the port the server listens on")
    if not f"{parts.path}{parts.query}{parts.fragment}".isascii():
        raise ValueError("holds a character beyond ASCII behind the host; write it percent-encoded")
    host = _host(parts.hostname)
    return parts._replace(netloc=host if port is None else f"{host}:{port}")


def _host(written: str) -> str:
    """*written* as it stands in a normalised URL, an IPv6 address in brackets."""
    try:
        # First, since it also turns other spellings into the plain one: full-width digits into 127.0.0.1.
        host = written if ":" in written else _ascii(written)
    except (UnicodeError, idna.IDNAError):
        host = ""
    address = _address(host.rstrip("."))
    if address is None and not _HOST_NAME.fullmatch(host):
        raise ValueError(f"has the host {written!r}, which is not a valid domain name")
    if host.rstrip(".") in _METADATA_NAMES or (address is not None and address.is_link_local):
        raise ValueError(f"points at {host}, a link-local or cloud metadata address, which never serves this")
    return f"[{host}]" if ":" in host else host


def _address(host: str) -> Address | None:
    """Read *host* the way the C library will: `127.1`, `0x7f.1` and `2130706433` are loopback too."""
    try:
        address: Address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address


def _ascii(host: str) -> str:
    """
    *host* in punycode, by the library that `requests` resolves with: Python's own codec takes faß.de for fass.de.

    That codec is for ASCII names, whose labels it measures without refusing the underscores of container names.
    """
    return (host.encode("idna") if host.isascii() else idna.encode(host, uts46=True)).decode()

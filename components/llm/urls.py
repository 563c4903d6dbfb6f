"""What a URL in a stack may look like. Pure: no name is resolved and nothing is contacted."""

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

_MAX_LENGTH = 2000
# urllib reads `http://evil\@127.0.0.1/` as 127.0.0.1 and urllib3 as evil: refuse what parsers disagree on.
_AMBIGUOUS = re.compile(r"[\\\s\x00-\x1f\x7f]|%2e|%2f|%5c|/\.\.?(?:/|$)|(?<!:)//", re.IGNORECASE)
_LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def api_root(text: str) -> str:
    """
    Normalise the root of an HTTP API: no trailing slash, no `/chat/completions`, host in punycode.

    Raises:
        ValueError: the reason, without the URL where it may hold a password.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"is {len(text)} characters long; {_MAX_LENGTH} are the limit")
    if _AMBIGUOUS.search(text):
        raise ValueError("holds a space, backslash, '..' or '//' that HTTP clients read in different ways")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"is not a URL: {error}") from None
    _refuse_extras(parts)
    if port == 0:
        raise ValueError("has port 0; write the port the server listens on")
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    if doubled := re.search(r"/(v\d+)/\1$", path):
        raise ValueError(f"ends in {doubled[0]!r}; write the version once: '{doubled[0][: len(doubled[0]) // 2]}'")
    return f"{parts.scheme}://{_host(parts)}{'' if port is None else f':{port}'}{path}"


def why_not_public(url: str) -> str | None:
    """
    Say why a service on the internet cannot, or must not, call *url*; None when it can.

    Judges what is written, `127.1` and `2130706433` included. A public name with a private address is the gate's to
    find.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = _address(host)
    if address is not None and not address.is_global:
        return f"{host} is a private or loopback address"
    if address is None and ("." not in host or host.endswith(tuple(f".{name}" for name in _LOCAL_NAMES))):
        return f"{host} is a name of this network only"
    if parts.scheme != "https":
        return "it is plain http: prompts and the token would travel unencrypted"
    return None


def _refuse_extras(parts: SplitResult) -> None:
    if parts.scheme not in {"http", "https"}:
        raise ValueError("does not start with https:// (or http:// beside the sandbox)")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password; give the secret as `llmTokens` or `trugenApiKey` instead")
    if parts.query or parts.fragment:
        raise ValueError("holds '?' or '#'; give the root of the API only, like 'https://llm.example.com/v1'")
    if not parts.hostname:
        raise ValueError("names no host")


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    address = _address(host)
    if host == "metadata.google.internal" or (address is not None and address.is_link_local):
        raise ValueError(f"points at {host}: link-local and cloud metadata addresses are never an LLM")
    if ":" in host:
        return f"[{host}]"
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise ValueError(f"has the host {host!r}, which is not a valid domain name") from None


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

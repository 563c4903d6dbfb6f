"""Whether the internet can call a URL. Pure: no name is resolved."""

import ipaddress
import re
from urllib.parse import urlsplit

# A name of the internet: labels, and a last one that is not a number (`127.1` and `0x7f.1` are addresses to C).
_PUBLIC_NAME = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
# RFC 6761 and 6762, RFC 8375, ICANN's `.internal`, and what routers call a home.
_NOT_OF_THE_INTERNET = (
    "localhost",
    "local",
    "internal",
    "lan",
    "home",
    "home.arpa",
    "corp",
    "invalid",
    "test",
    "onion",
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_TUNNELLED_V6 = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))


def shown(url: str) -> str:
    """Scheme, host and port: a user name, a path or a query may hold a secret."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "no readable URL"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def host_of(url: str) -> str:
    """In small letters, without the last dot; empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""


def why_not_called(url: str) -> str | None:
    """Why TruGen cannot, or must not, call *url*; None when it can."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return "it cannot be read as a URL"
    if parts.scheme != "https":
        return "it is not https, so prompts and token would cross the internet in clear"
    if parts.username is not None or parts.password is not None:
        return "it holds a user name or password, which plans show"
    if not _is_public(host):
        return f"{host or 'an empty host'} is no name or address of the internet"
    return None


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches a port that is bound to *address*."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_public(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        own = any(host == name or host.endswith(f".{name}") for name in _NOT_OF_THE_INTERNET)
        return not own and _PUBLIC_NAME.fullmatch(host) is not None
    if isinstance(address, ipaddress.IPv6Address) and not (
        address in _GLOBAL_V6 and not any(address in net for net in _TUNNELLED_V6)
    ):
        return False
    return address.is_global and not address.is_multicast

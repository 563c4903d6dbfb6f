"""Checks the API root and the key before anything is sent, and decides which proxies a call goes through."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies

from components.trugen.errors import ConnectionSettingsError

_KEY_STEP = (
    "Give the key that the TruGen console shows: `export TRUGEN_API_KEY=...`, "
    "or `pulumi config set --secret trugenApiKey`."
)
_URL_STEP = "Write the API root, like https://api.trugen.ai/v1."


def checked_root(api_url: str) -> str:
    """*api_url* without its trailing slash. Plain http only to this machine: the key travels in a header."""
    try:
        parts = urlsplit(api_url)
        _ = parts.port
    except ValueError:
        raise ConnectionSettingsError("The TruGen API URL is malformed.", _URL_STEP) from None
    # urllib reads `http://a\@b/` as b and urllib3 as a: what parsers disagree on is no URL.
    strange = re.search(r"[\s\\\x00-\x1f]", api_url)
    if not strange and (parts.username is not None or parts.password is not None):
        raise ConnectionSettingsError("The TruGen API URL holds a user name or password.", _URL_STEP)
    if strange or not parts.hostname or parts.query or parts.fragment:
        raise ConnectionSettingsError(f"The TruGen API URL {api_url!r} is not the root of an API.", _URL_STEP)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ConnectionSettingsError(
            f"The TruGen API URL {api_url!r} would send the key unencrypted; only a loopback address may be http.",
            _URL_STEP,
        )
    return api_url.rstrip("/")


def checked_key(key: str) -> str:
    """*key* without surrounding blanks. The value is in no message: requests would print it when it refuses one."""
    trimmed = key.strip()
    if not trimmed:
        raise ConnectionSettingsError("There is no TruGen API key.", _KEY_STEP)
    if trimmed.lower().startswith("bearer "):
        raise ConnectionSettingsError(
            "The TruGen API key starts with 'Bearer '; the header wants the key alone.", _KEY_STEP
        )
    if not re.fullmatch(r"[!-~]+", trimmed):
        raise ConnectionSettingsError(
            "The TruGen API key holds a character that no key has: a blank, a line end or non-ASCII.", _KEY_STEP
        )
    return trimmed


def checked_bundle(path: str | None) -> str | None:
    if path and not Path(path).is_file():
        raise ConnectionSettingsError(f"The CA bundle {path!r} is not a file.", "Give a PEM file of CA certificates.")
    return path


def proxies_for(url: str) -> dict[str, str]:
    """HTTP_PROXY, HTTPS_PROXY and NO_PROXY as requests documents them, but never for an address of this machine."""
    if is_loopback(urlsplit(url).hostname or ""):
        return {}
    return dict(get_environ_proxies(url))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

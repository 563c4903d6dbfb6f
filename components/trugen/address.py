"""Checks the API root and the key before anything is sent, and decides which proxies a call goes through."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies

from components.trugen.errors import ConnectionSettingsError
from components.urls import api_root

CLOUD_API_URL = "https://api.trugen.ai/v1"
_KEY_STEP = (
    "Give the key that the TruGen console shows: `export TRUGEN_API_KEY=...`, "
    "or `pulumi config set --secret trugenApiKey`."
)
_URL_STEP = "Write the API root, like https://api.trugen.ai/v1."


def checked_root(api_url: str) -> str:
    """*api_url* normalised. Plain http only to this machine: the key travels in a header."""
    try:
        root = api_root(api_url)
    except ValueError as error:
        raise ConnectionSettingsError(f"The TruGen API URL {error}.", _URL_STEP) from None
    parts = urlsplit(root)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ConnectionSettingsError(
            f"The TruGen API URL {root!r} would send the key unencrypted; only a loopback address may be http.",
            _URL_STEP,
        )
    return root


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

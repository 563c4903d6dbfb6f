"""The calls that change nothing."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from components.live.api import Api
from components.live.recording import Recording

PER_PAGE = 50
MALFORMED_ID = "not-an-id"


class CannotAskError(Exception):
    """The API could not be asked at all; the text says why and what to do."""


def look(api: Api, recording: Recording) -> None:
    """
    Ask what reads can tell.

    Raises:
        CannotAskError: the first call was not answered as the API would.
    """
    recording.avatars = api.call("GET", "/ext/avatars")
    if not recording.avatars.status:
        raise CannotAskError(
            f"{recording.avatars.said}.\n  Give the root of the API: --api-url https://api.trugen.ai/v1; "
            "proxies are taken from HTTPS_PROXY and NO_PROXY."
        )
    if recording.avatars.status in {401, 403}:
        raise CannotAskError(
            f"{api.root} rejected the key: {recording.avatars}.\n"
            "  Give the one that the TruGen console shows: export TRUGEN_API_KEY=..."
        )
    if not recording.avatars.ok or not isinstance(recording.avatars.body, list):
        raise CannotAskError(
            f"GET {api.root}/ext/avatars was answered with {recording.avatars}, not with a list of avatars.\n"
            "  Give the root of the API: --api-url https://api.trugen.ai/v1"
        )
    recording.page = api.call("GET", "/ext/agent", params={"offset": 0, "perpage": PER_PAGE})
    recording.malformed = api.call("GET", f"/ext/agent/{MALFORMED_ID}")
    recording.missing = api.call("GET", f"/ext/agent/{uuid.uuid4()}")
    recording.providers = api.call("GET", "/ext/providers")
    recording.knowledge_bases = api.call("GET", "/ext/kbs")
    recording.tools = api.call("GET", "/ext/tool")
    listed = next((agent["id"] for agent in recording.page.objects if isinstance(agent.get("id"), str)), None)
    if listed:
        recording.item = api.call("GET", f"/ext/agent/{quote(listed, safe='')}")

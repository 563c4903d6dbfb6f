"""What the throwaway agent is sent."""

from __future__ import annotations

import secrets
from copy import deepcopy
from typing import Any, Literal

from components.live.answer import Json

# RFC 2606: a name that never resolves, so nothing is called even if somebody starts a session.
LLM_URL = "https://llm.trugen-llm.invalid/v1"
PLAIN_URL = "http://llm.trugen-llm.invalid/v1"
CALLBACK_URL = "https://hooks.trugen-llm.invalid/"
MODEL = "trugen-llm-live-check"
MESSAGE = "This agent is deleted within a minute."
TIMEOUT_S = 240
UNKNOWN_MEMBER = "trugen_llm_live_check"

Place = Literal["nested", "flat"]


def new_name() -> str:
    """Unique, and clear to whoever sees it in the console."""
    return f"trugen-llm live check {secrets.token_hex(6)}, may be deleted"


def new_token() -> str:
    return secrets.token_hex(16)


def create_body(name: str, avatar_key_id: str, token: str) -> Json:
    """The least that should do, an LLM of one's own, and a callback that a full replace has to forget."""
    return _agent(name, avatar_key_id, token, "nested", "probe 0") | {"callback_url": CALLBACK_URL}


def replace_body(name: str, avatar_key_id: str, token: str, place: Place, attachments: Json) -> Json:
    """Without the callback; with a message that the schema of PUT omits."""
    body = _agent(name, avatar_key_id, token, place, "probe 1")
    body["avatars"][0]["welcome_message"] = {"messages": [MESSAGE], "wait_time": 1}
    return body | attachments


def detached(body: Json, marker: str) -> Json:
    """*body* with nothing attached; *marker* as the persona's name tells its read from earlier ones."""
    changed = deepcopy(body)
    changed["avatars"][0]["persona_name"] = marker
    return changed | {key: [] for key in ("tool", "knowledge_base", "mcp", "guardrail")}


def with_unknown_member(body: Json) -> Json:
    return body | {UNKNOWN_MEMBER: True}


def with_call_ended(body: Json) -> Json:
    return body | {"callback_url": CALLBACK_URL, "callback_events": ["call_ended"]}


def with_plain_http(body: Json) -> Json:
    changed = deepcopy(body)
    avatar = changed["avatars"][0]
    avatar.get("config", avatar)["llm"]["url"] = PLAIN_URL
    return changed


def _agent(name: str, avatar_key_id: str, token: str, place: Place, persona: str) -> Json:
    llm = {"llm": {"provider": "custom", "model": MODEL, "url": LLM_URL, "token": token}}
    placed: dict[str, Any] = {"config": llm} if place == "nested" else llm
    avatar = {"avatar_key_id": avatar_key_id, "persona_name": persona, "persona_prompt": MESSAGE, **placed}
    return {
        "agent_name": name,
        "agent_system_prompt": MESSAGE,
        "config": {"timeout": TIMEOUT_S},
        "avatars": [avatar],
    }

"""Stock avatars, custom avatars, providers, conversations (docs/contract)."""

from typing import Literal

from starlette.responses import JSONResponse, Response

from components.sandbox.agents import AGENTS
from components.sandbox.calls import Call, Wire, not_found
from components.sandbox.collection import Collection
from components.sandbox.store import Json, Stored

_PICTURE = "data:image/jpeg;base64,AA=="

_STOCK_AVATARS = [
    {"avatar_key_id": "665a1170", "avatar_name": "Lisa", "gender": "female", "display_picture": _PICTURE},
    {"avatar_key_id": "1e4ea106", "avatar_name": "Priya", "gender": "female", "display_picture": _PICTURE},
    {"avatar_key_id": "80b9095f", "avatar_name": "Alex", "gender": "male", "display_picture": _PICTURE},
]

# (provider_type, provider, provider_name, model, display_name): pairs that TruGen's guides and its n8n node name.
_MODELS = [
    ("llm", "groq", "Groq", "openai/gpt-oss-120b", "GPT OSS 120b"),
    ("llm", "azure-openai", "Azure OpenAI", "gpt-5.4-mini", "GPT 5.4 mini"),
    ("stt", "deepgram", "Deepgram", "nova-3", "Nova 3"),
    ("stt", "elevenlabs", "ElevenLabs", "scribe_v2_realtime", "Scribe v2 realtime"),
    ("tts", "elevenlabs", "ElevenLabs", "eleven_turbo_v2_5", "Turbo 2.5"),
]


class CustomAvatarCreate(Wire):
    avatar_name: str
    gender: Literal["male", "female"]
    input_image: str


def stock_avatars(_: Call) -> Response:
    return JSONResponse(_STOCK_AVATARS)


def providers(call: Call) -> Response:
    names = ("provider_type", "provider", "provider_name", "model", "display_name")
    entries = [{**dict(zip(names, row, strict=True)), "additional_fields": []} for row in _MODELS]
    if call.behaviour.providers == "list":
        return JSONResponse(entries)
    kinds = dict.fromkeys(row[0] for row in _MODELS)
    return JSONResponse({kind: [entry for entry in entries if entry["provider_type"] == kind] for kind in kinds})


def public_avatar(call: Call) -> Response:
    """Face of an agent, for anyone: the contract declares no key and no shape for this call."""
    avatars = AGENTS.find(call).document["avatars"]
    faces = [{key: avatar[key] for key in ("avatar_key_id", "persona_name")} for avatar in avatars]
    return JSONResponse({"agent_id": call.id, "avatars": faces})


def create_custom_avatar(call: Call) -> Response:
    """The job is done by the first read after it."""
    body = call.parse(CustomAvatarCreate)
    document = {"avatar_name": body.avatar_name, "gender": body.gender, "category": "trugen", "is_private": True}
    stored = call.store.add("custom_avatar", body.avatar_name, document)
    return JSONResponse({**_custom_avatar(call, stored), "status": "QUEUED"})


def _custom_avatar(_: Call, stored: Stored) -> Json:
    key = stored.id[:10]
    keys = {"job_id": stored.id, "avatar_key_id": key, "avatar_id": key}
    return {"id": stored.id, **keys, **stored.document, "status": "COMPLETED", **stored.timestamps()}


def end_conversation(_: Call) -> Response:
    """No call of the sandbox starts a conversation, so there is never one to end."""
    raise not_found("Conversation not found", under="error")


CUSTOM_AVATARS = Collection("custom_avatar", "Custom avatar", "Custom avatar not found", "avatar_name", _custom_avatar)

"""Where things stand in an agent as it was read; nothing here trusts that they are there."""

from __future__ import annotations

from collections.abc import Iterator

from components.live.answer import Json

_OPAQUE = {"tools", "integration", "add_on"}


def first_avatar(agent: Json) -> Json:
    avatars = agent.get("avatars")
    first = avatars[0] if isinstance(avatars, list) and avatars else None
    return first if isinstance(first, dict) else {}


def avatar_count(agent: Json) -> int:
    avatars = agent.get("avatars")
    return len(avatars) if isinstance(avatars, list) else 0


def block(agent: Json, name: str) -> tuple[str, Json]:
    """The llm or stt of the first avatar, and where it stands: `avatars[].config`, `avatars[]` or nowhere."""
    avatar = first_avatar(agent)
    config = avatar.get("config")
    for place, holder in (("avatars[].config", config), ("avatars[]", avatar)):
        found = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(found, dict):
            return place, found
    return "nowhere", {}


def has_custom_llm(agent: Json, model: str) -> bool:
    llm = block(agent, "llm")[1]
    return (llm.get("provider"), llm.get("model")) == ("custom", model)


def member(value: object, *path: str) -> object:
    """The value at *path*, None where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def members(value: object, prefix: str = "") -> Iterator[str]:
    """Names of all members, those of a list's first object standing for all of it; not names that users chose."""
    if isinstance(value, list):
        yield from members(value[0] if value else None, f"{prefix}[]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            yield path
            if key not in _OPAQUE:
                yield from members(inner, path)

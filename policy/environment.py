"""No secret in a container's environment or command: `docker inspect` shows both to whoever may ask Docker."""

import re
from collections.abc import Iterator

from policy.seen import Seen
from policy.verdict import Finding, Settings, Violation, not_yet

_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|(?:API|ACCESS|AUTH|PRIVATE|SECRET|MASTER)_?KEY)",
    re.IGNORECASE,
)
# A file that holds it, a switch or a number is none.
_HARMLESS = re.compile(r"|true|false|yes|no|none|\d{1,9}|(?:file:)?(?:/[\w.-]+){2,}", re.IGNORECASE)
# As their vendors spell them: OpenAI and its likes, Hugging Face, Groq, GitHub, Tailscale, AWS, a JWT or Cloudflare's.
_SECRET_SHAPE = re.compile(
    r"sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|gsk_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}"
    r"|tskey-[A-Za-z0-9-]{8,}|AKIA[A-Z0-9]{16}|eyJ[A-Za-z0-9_+/=-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_STEP = "Put it into a file of a volume (as `SecretFiles` does) and name the file."


def env_secrets(seen: Seen, _: Settings) -> Iterator[Finding]:
    yield from not_yet(seen, "envs", "command")
    for entry in seen.words("envs"):
        name, _sign, value = entry.partition("=")
        if _is_secret(name, value):
            yield Violation(f"{_shown(name)} of its environment holds a secret, which `docker inspect` shows. {_STEP}")
    for number, word in enumerate(seen.words("command"), start=1):
        if _SECRET_SHAPE.search(word):
            yield Violation(f"word {number} of its command holds a secret, which `docker inspect` shows. {_STEP}")


def _is_secret(name: str, value: str) -> bool:
    if _SECRET_SHAPE.search(value) or _SECRET_SHAPE.search(name):
        return True
    return _SECRET_NAME.fullmatch(name) is not None and _HARMLESS.fullmatch(value) is None


def _shown(name: str) -> str:
    """An entry without '=' may be the secret itself."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,60}", name) and not _SECRET_SHAPE.search(name) else "an entry"

"""How strong a bearer token can be at best, judged by its spelling. Pure."""

import math
import re
import string

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_OTHERS = 32
"""Signs of ASCII that are neither letters nor digits."""
_FEWEST_DIFFERENT = 8
# Long words only: a random token of 43 letters holds a given word of six with a chance of one in 10^7.
_PLACEHOLDER = re.compile(
    r"change-?_?me|replace-?_?(me|this|with)|placeholder|example|your[-_]|insert[-_]|password|<[^>]*>|xxxxxx|123456|dummy-",
    re.IGNORECASE,
)


def is_placeholder(token: str) -> bool:
    return _PLACEHOLDER.search(token) is not None


def bits_at_most(token: str) -> int:
    """
    Bits of *token* if each of its characters was drawn at random from the smallest usual alphabet that has them all.

    Repetition counts once: what is written twice is not drawn twice.
    """
    drawn = _period(token)
    if len(set(drawn)) < _FEWEST_DIFFERENT:
        return int(len(set(drawn)) * math.log2(_alphabet(drawn))) if drawn else 0
    return int(len(drawn) * math.log2(_alphabet(drawn)))


def _alphabet(token: str) -> int:
    if _HEX.fullmatch(token):
        return 16
    size = sum(len(letters) for letters in _CLASSES if set(letters) & set(token))
    others = set(token) - set("".join(_CLASSES))
    # base64 and base64url have two more; a sign beyond them can be any.
    return size + (2 if others and others <= set("-_+/=") else _OTHERS if others else 0)


def _period(token: str) -> str:
    """The shortest start of *token* of which it is a repetition."""
    for length in range(1, len(token) // 2 + 1):
        if (token[:length] * (len(token) // length + 1))[: len(token)] == token:
            return token[:length]
    return token

"""How strong a bearer token can be at best, judged by its spelling. Pure."""

import math
import re

# The usual alphabets by their size, the smallest first: digits, hexadecimal, letters of one case, base64, all of ASCII.
# Not by the kinds of characters that are there: one of 1,400 random tokens of 43 base64 characters has no digit.
_ALPHABETS = (
    (10, re.compile(r"[0-9]*")),
    (16, re.compile(r"[0-9a-f]*|[0-9A-F]*")),
    (36, re.compile(r"[0-9a-z]*|[0-9A-Z]*")),
    (64, re.compile(r"[0-9A-Za-z_=+/-]*")),
)
_ASCII = 94
_FEWEST_DIFFERENT = 8
# Long words only: a random token of 43 letters holds a given word of six letters with a chance of one in 10^7.
_PLACEHOLDER = re.compile(
    r"change-?_?me|replace-?_?(me|this|with)|placeholder|example|insert[-_]|password|^your[-_]|<[^>]*>|xxxxxx|123456789|dummy-",
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
    return next((size for size, spelled in _ALPHABETS if spelled.fullmatch(token)), _ASCII)


def _period(token: str) -> str:
    """The shortest start of *token* of which it is a repetition."""
    for length in range(1, len(token) // 2 + 1):
        if (token[:length] * (len(token) // length + 1))[: len(token)] == token:
            return token[:length]
    return token

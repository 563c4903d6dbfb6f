"""
What other programs say (answers, log lines, library errors), made fit to print.

Servers echo the request they refuse, headers included; base64 and URL encoding are how a token gets past a search.
"""

import base64
import json
import re
from urllib.parse import quote, quote_plus

_MASK = "[token]"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


class Redactor:
    """Removes one token in every spelling it may come back in; a `None` token removes nothing."""

    def __init__(self, token: str | None) -> None:
        spellings = sorted(_spellings(token), key=len, reverse=True) if token else []
        self._secret = re.compile("|".join(map(re.escape, spellings))) if spellings else None

    def line(self, text: str, *, limit: int) -> str:
        """*text* on one line, without token and control characters, cut to *limit* characters."""
        # Before the cut, which could leave half a token that no longer matches; and again after control characters, as
        # invisible ones may stand inside a token.
        clean = " ".join(self._masked(_CONTROL.sub("", self._masked(text))).split())
        return clean if len(clean) <= limit else clean[: limit - 1] + "…"

    def _masked(self, text: str) -> str:
        return self._secret.sub(_MASK, text) if self._secret else text


def _spellings(token: str) -> set[str]:
    raw = token.encode()
    spellings = {token, quote(token, safe=""), quote_plus(token)}
    # Inside JSON, and where Python quotes a text or bytes in an error.
    spellings |= {json.dumps(token)[1:-1], repr(token)[1:-1], repr(raw)[2:-1]}
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        # Three bytes make four characters, so inside a longer text (`Bearer …`) the token has three spellings; the
        # characters at its two ends also depend on the neighbours and are left out of the match.
        for shift in range(3):
            encoded = encode(b"\0" * shift + raw).decode()
            start = (0, 2, 3)[shift]
            end = len(encoded) if (shift + len(raw)) % 3 == 0 else len(encoded.rstrip("=")) - 1
            if end - start >= _SHORTEST_BASE64:
                spellings.add(encoded[start:end])
    return spellings


_SHORTEST_BASE64 = 8  # shorter runs turn up in ordinary words

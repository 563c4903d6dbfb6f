"""
Hides secrets in texts that others wrote: a server may echo the key, the LLM token or a prompt in its error.

Pulumi's own log filter knows only secrets from its config and only their raw form (research/reliability.md 1.2).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

# Shortest run of characters shared with a secret that is hidden. Prose needs a longer one: a prompt shares short
# runs with any English sentence, and an error text full of holes helps nobody.
CREDENTIAL_RUN = 6
PROSE_RUN = 16
SHORTEST_SECRET = 4


class Redactor:
    """Replaces every run of text that also occurs in a secret, raw or encoded, by `[hidden]`."""

    def __init__(self, *, credentials: Iterable[str] = (), prose: Iterable[str] = ()) -> None:
        self._forms = [
            *((form, CREDENTIAL_RUN) for secret in credentials for form in _forms(secret)),
            *((form, PROSE_RUN) for secret in prose for form in _forms(secret)),
        ]

    def __call__(self, text: str) -> str:
        hidden = bytearray(len(text))
        for form, run in self._forms:
            width = min(run, len(form))
            for start in range(len(text) - width + 1):
                if text[start : start + width] in form:
                    hidden[start : start + width] = b"\x01" * width
        runs = re.finditer(rb"\x00+|\x01+", bytes(hidden))
        return "".join(HIDDEN if run[0][0] else text[slice(*run.span())] for run in runs)


def _forms(secret: str) -> Iterator[str]:
    """The spellings in which *secret* may come back: raw, JSON, URL-encoded, base64 at each of its three offsets."""
    if len(secret) < SHORTEST_SECRET:
        return
    raw = secret.encode("utf-8", "surrogatepass")
    quoted = {quote(raw, safe=""), quote_plus(raw)}
    yield from {secret, json.dumps(secret)[1:-1], *quoted, *(_lower_hex(text) for text in quoted)}
    for offset in range(3):
        standard = base64.b64encode(b"\x00" * offset + raw).decode()
        inner = standard[4 if offset else 0 :].rstrip("=")
        yield from {inner, inner.translate(str.maketrans("+/", "-_"))}


def _lower_hex(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text)

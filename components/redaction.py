"""
What other programs say (answers, log lines, errors of libraries), made fit to print.

Servers echo the request they refuse: the key, a token, a prompt; whole, cut short, or encoded. The filter of Pulumi's
log knows what came to it as a secret (a key from the environment did not), and that raw or JSON-escaped only
(pulumi/pulumi, sdk/go/common/util/logging/log.go).
"""

from __future__ import annotations

import base64
import functools
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

# Shortest run of characters shared with a secret that is hidden. Prose needs a longer one: a prompt shares short
# runs with any English sentence, and an error text full of holes helps nobody.
CREDENTIAL_RUN = 6
PROSE_RUN = 16
SHORTEST_SECRET = 4

_READ_PER_SHOWN = 8  # blanks and hidden runs take more room before than after
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class Redactor:
    """
    Hides every run of text that also occurs in a secret, raw or encoded, as `[hidden]`.

    Args:
        credentials: Keys and tokens. None, and what is shorter than 4 characters, hides nothing.
        prose: Prompts.
    """

    def __init__(self, *credentials: str | None, prose: Iterable[str] = ()) -> None:
        self._run_of = {**dict.fromkeys(prose, PROSE_RUN), **dict.fromkeys(filter(None, credentials), CREDENTIAL_RUN)}

    def line(self, text: str, *, limit: int) -> str:
        """*text* on one line, without secrets and control characters, cut to *limit* characters."""
        read_chars = limit * _READ_PER_SHOWN
        plain = _plain(text[:read_chars])
        is_cut = len(text) > read_chars
        # What is left of a secret that was cut may be too short to be known, so the end is not shown.
        hidden = self._hidden(plain)[: -PROSE_RUN if is_cut else None]
        runs = re.finditer(rb"\x00+|\x01+", hidden)
        clean = "".join(HIDDEN if run[0][0] else plain[slice(*run.span())] for run in runs).strip()
        return clean if len(clean) <= limit and not is_cut else clean[: limit - 1] + "…"

    def _hidden(self, text: str) -> bytes:
        """For each character of *text* 1 if it belongs to a secret, else 0. Takes time linear in text and secrets."""
        marks = bytearray(len(text))
        for run, spellings in self._spellings_by_run.items():
            # A prompt may have a million characters, a text has a few thousand: only the text's runs are kept.
            shared = set(_runs(text, run)).intersection(piece for one in spellings for piece in _runs(one, run))
            for start, piece in enumerate(_runs(text, run)):
                if piece in shared:
                    marks[start : start + run] = b"\x01" * run
        return bytes(marks)

    @functools.cached_property
    def _spellings_by_run(self) -> dict[int, set[str]]:
        """Made when first needed: most clients never meet an error."""
        by_run = defaultdict(set)
        for secret, run in self._run_of.items():
            for spelling in map(_plain, _spellings(secret)):
                if len(spelling) >= SHORTEST_SECRET:
                    by_run[min(run, len(spelling))].add(spelling)
        return by_run


def _plain(text: str) -> str:
    """*text* without what may stand unseen inside a secret, and with every white space as one blank."""
    return re.sub(r"\s+", " ", _INVISIBLE.sub("", _ESCAPES.sub("", text)))


def _runs(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _spellings(secret: str) -> Iterator[str]:
    """Raw, as JSON, as Python quotes text and bytes in an error, URL-encoded, base64 at each of its three offsets."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield from (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], repr(raw)[2:-1])
    for quoted in (quote(raw, safe=""), quote_plus(raw)):
        yield from (quoted, re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted))
    # Three bytes make four characters, so inside a longer text (`Bearer …`) a secret has three spellings. Of each only
    # the characters count whose six bits are all the secret's; those at the ends also depend on the neighbours.
    for shift in range(3):
        own = slice(math.ceil(shift * 8 / 6), (shift + len(raw)) * 8 // 6)
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * shift + raw).decode()[own]

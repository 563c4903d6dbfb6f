"""An image by the digest of its content: a moved tag changes nothing."""

import re
from collections.abc import Iterator

from policy.seen import IMAGE, Seen
from policy.verdict import Finding, Settings, Violation, not_yet

_DIGEST = re.compile(r"(?:.+@)?sha256:[0-9a-f]{64}")
_SHOWN_CHARACTERS = 120


def image_digest(seen: Seen, _: Settings) -> Iterator[Finding]:
    """A container runs either the id of an image, which is a digest, or a name."""
    key = "name" if seen.type == IMAGE else "image"
    yield from not_yet(seen, key)
    name = seen.get(key)
    if isinstance(name, str) and not _DIGEST.fullmatch(name):
        yield Violation(
            f"{key} is {name[:_SHOWN_CHARACTERS]!r}, a tag that its owner can move. Write"
            " 'repository:tag@sha256:<64 hexadecimal digits>' for `image`, `gateway.image` or `gateway.relayImage`;"
            " `docker buildx imagetools inspect` shows the digest."
        )

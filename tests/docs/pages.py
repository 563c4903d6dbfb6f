"""README and docs as a reader meets them: commands to type, links to follow."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.guide import GUIDES, commands

PROJECT = Path(__file__).resolve().parents[2]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")))
# By the test of that name in tests/end_to_end, with the runner of tests/fixtures/guide.py.
FOLLOWED = dict.fromkeys(sorted(GUIDES.glob("*.md")), "test_guides.py") | {
    PROJECT / "docs" / "state.md": "test_state_guide.py"
}
_FENCE = re.compile(r" *```(\w*)$")
_SHELLS = {"console", "bash", "sh", "shell"}
_INLINE = re.compile(r"`((?:make|pulumi|python3? -m (?:components|benchmarks|tests|air_gapped)[.\w]*)(?: [^`]*)?)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_COMMENT = re.compile(r"\s+#\s.*$")
_STACK = re.compile(r" (--stack |STACK=)\S+")


@dataclass(frozen=True)
class Said:
    """*text* at *line* of *page*."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def typed() -> Iterator[Said]:
    """Each command of a block of shell, and each that a sentence names; comments and the name of a stack left out."""
    for page in PAGES:
        for line, text in _commands(page.read_text(encoding="utf-8").splitlines()):
            yield Said(page.relative_to(PROJECT).as_posix(), line, spelled(text))


def followed() -> set[str]:
    """What is typed by a test that follows its page to the letter."""
    return {spelled(command.text) for page in FOLLOWED for command in commands(page)}


def spelled(command: str) -> str:
    return _STACK.sub("", _COMMENT.sub("", command)).strip()


def links() -> Iterator[Said]:
    """Each link to another place of the repository, code aside."""
    for page in PAGES:
        for line, text in _prose(page.read_text(encoding="utf-8").splitlines()):
            for target in _LINK.findall(text):
                if not target.startswith(("http://", "https://", "mailto:")):
                    yield Said(page.relative_to(PROJECT).as_posix(), line, target)


def headings(page: Path) -> set[str]:
    """The anchors of *page*, as GitHub makes them: small letters, blanks as hyphens, no punctuation."""
    titles = (
        text.lstrip("#").strip()
        for _, text in _prose(page.read_text(encoding="utf-8").splitlines())
        if text.startswith("#")
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _commands(lines: list[str]) -> Iterator[tuple[int, str]]:
    for language, number, line in _languages(lines):
        text = line.strip()
        if language is None:
            yield from ((number, found) for found in _INLINE.findall(line))
        elif language == "console" and text.startswith("$ "):
            yield number, text.removeprefix("$ ")
        elif language in _SHELLS - {"console"} and text and not text.startswith("#"):
            yield number, text


def _prose(lines: list[str]) -> Iterator[tuple[int, str]]:
    return ((number, line) for language, number, line in _languages(lines) if language is None)


def _languages(lines: list[str]) -> Iterator[tuple[str | None, int, str]]:
    """Lines inside and outside of blocks, None being prose."""
    language = None
    for number, line in enumerate(lines, start=1):
        if fence := _FENCE.match(line):
            language = fence[1] if language is None else None
        else:
            yield language, number, line

"""Which files may be documents of a knowledge base."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from components.attachments import files

ProjectFile = Callable[[str, bytes], str]


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_every_documented_format_is_taken(project_file: ProjectFile, suffix: str) -> None:
    assert files.content(project_file(f"a{suffix}", b"content")) == b"content"


def test_letter_case_of_the_suffix_does_not_count(project_file: ProjectFile) -> None:
    assert files.content(project_file("A.PDF", b"%PDF")) == b"%PDF"


def test_a_file_of_exactly_the_limit_is_taken(project_file: ProjectFile) -> None:
    assert len(files.content(project_file("a.txt", b"x" * files.MAX_BYTES))) == files.MAX_BYTES


def test_an_absolute_path_may_lead_anywhere(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.md"
    outside.write_bytes(b"content")

    assert files.content(str(outside)) == b"content"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"x" * (files.MAX_BYTES + 1), "'a.txt' has 10,000,001 bytes; 10,000,000 are the limit of a document"),
        ("a.txt", b"", "'a.txt' is empty"),
        ("a.txt", b" \n", "'a.txt' is empty"),
        ("a.csv", b"a;b", "'a.csv' is none of the formats that TruGen takes"),
        ("noending", b"a", "'noending' is none of the formats that TruGen takes"),
    ],
)
def test_a_file_that_would_be_refused_is_refused_here(
    project_file: ProjectFile, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        files.content(project_file(name, content))


def test_a_link_that_leads_out_of_the_project_is_refused(
    project_file: ProjectFile, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.md"
    outside.write_bytes(b"secret")
    files.located(project_file("docs/keep.md", b"x")).with_name("link.md").symlink_to(outside)

    with pytest.raises(ValueError, match=r"'docs/link.md' leads outside the project folder"):
        files.content("docs/link.md")


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(project_file: ProjectFile) -> None:
    os.mkfifo(files.located(project_file("a.txt", b"x")).with_name("pipe.txt"))

    with pytest.raises(ValueError, match=r"'pipe.txt' is not a regular file"):
        files.content("pipe.txt")

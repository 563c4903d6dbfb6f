"""Which files may be read as a prompt."""

import os
from pathlib import Path

import pytest

from components.stack import prompts


def test_byte_order_mark_and_windows_line_ends_do_not_reach_the_model(tmp_path: Path) -> None:
    (tmp_path / "ada.md").write_bytes(b"\xef\xbb\xbfYou are Ada.\r\nBe brief.\r\n")

    assert prompts.read(tmp_path, "ada.md") == "You are Ada.\nBe brief.\n"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link"])
def test_nothing_outside_the_project_is_read(tmp_path: Path, name: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret").write_text("canary")
    (project / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(ValueError, match=f"'{name}' leads outside the project folder"):
        prompts.read(project, name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'ada\.md' does not exist; create it"):
        prompts.read(tmp_path, "ada.md")


def test_a_folder_and_a_pipe_are_no_prompts(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    for name in ("folder", "pipe"):
        with pytest.raises(ValueError, match="is not a regular file"):
            prompts.read(tmp_path, name)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.md").open("wb") as file:
        file.truncate(100 * 2**20)

    with pytest.raises(ValueError, match="has 104,857,600 bytes; 262,144 are the limit"):
        prompts.read(tmp_path, "huge.md")


def test_a_file_that_is_not_utf8_is_told_the_place(tmp_path: Path) -> None:
    (tmp_path / "ada.md").write_bytes("Grüße".encode("latin-1"))

    with pytest.raises(ValueError, match=r"is not UTF-8 \(byte 2\); save it as UTF-8"):
        prompts.read(tmp_path, "ada.md")


def test_an_empty_prompt_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ada.md").write_text(" \n")

    with pytest.raises(ValueError, match="is empty"):
        prompts.read(tmp_path, "ada.md")

"""What tests/fixtures/guide.py takes for a match, and what it refuses to pass over."""

from pathlib import Path

import pytest

from tests.fixtures import guide
from tests.fixtures.guide import Command, Difference, File, Heading, follow, shows, steps
from tests.fixtures.pulumi_project import Result
from tests.fixtures.shell import Shell


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["ready in 3 s"], "ready in 12.5 s\n"),
        (["agent  ada: 88dc9a69-f999-432d-9456-6dfe83af7727"], "agent ada: 00000000-f999-432d-9456-6dfe83af7727\n"),
        (["first", "…", "last"], "first\none\n\ntwo\nlast\n"),
        (["…", "last"], "last\n"),
        (["port … is taken"], "port 80 is taken\n"),
        (["one", "two"], "one\n@ updating....\ntwo\n"),
    ],
)
def test_a_run_is_what_the_page_shows(shown: list[str], printed: str) -> None:
    assert shows(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["first", "last"], "first\nbetween\nlast\n"),
        (["first"], "first\nand more\n"),
        (["last"], "before\nlast\n"),
        (["first", "…", "last"], "last\nfirst\n"),
        (["2 updated"], "3 updated\n"),
        (["a.c"], "abc\n"),
    ],
)
def test_a_run_is_not_what_the_page_shows(shown: list[str], printed: str) -> None:
    assert not shows(shown, printed)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(guide, "GUIDES", tmp_path)
    return tmp_path / "page.md"


def test_a_page_is_headings_files_and_commands(page: Path) -> None:
    page.write_text(
        "## One\n```yaml\n# a.yaml\nkey: 1\n```\n```console\n$ first \\\n    --word\nshown\n$ second\n```\n"
    )

    assert list(steps(page)) == [
        Heading("One"),
        File(3, "a.yaml", "key: 1\n"),
        Command(7, "first --word", ("shown",)),
        Command(10, "second", ()),
    ]


@pytest.mark.parametrize("block", ["bash\nmake up", "console\nmake up", "yaml\nkey: 1", "\nmake up"])
def test_a_block_that_nobody_can_follow_is_an_error(page: Path, block: str) -> None:
    page.write_text(f"```{block}\n```\n")

    with pytest.raises(ValueError, match="nobody can follow this block"):
        list(steps(page))


class Typed(Shell):
    """Types nothing and answers *printed*."""

    def __init__(self, status: int, printed: str) -> None:
        self.commands: list[str] = []
        self._result = Result(status, printed)

    def run(self, command: str) -> Result:
        self.commands.append(command)
        return self._result


def test_commands_are_typed_and_files_merged_with_the_differences_of_the_test(page: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("top: {kept: 1, port: 2}\n")
    page.write_text("```yaml\n# a.yaml\ntop: {port: 443}\n```\n```console\n$ call :443\n:443\n```\n")
    shell = Typed(0, ":8443\n")

    follow("page", tmp_path, shell, differences=[Difference("443", "8443", "is taken")])

    assert shell.commands == ["call :8443"]
    assert (tmp_path / "a.yaml").read_text() == "top:\n  kept: 1\n  port: 8443\n"


@pytest.mark.parametrize(
    ("shown", "status", "printed"),
    [("", 1, ""), ("make: *** [up] Error 1\n", 0, "make: *** [up] Error 1\n"), ("done\n", 0, "not done\n")],
    ids=["fails", "does not fail as shown", "shows another thing"],
)
def test_a_command_that_does_not_do_as_the_page_says_fails_the_test(
    page: Path, tmp_path: Path, shown: str, status: int, printed: str
) -> None:
    page.write_text(f"```console\n$ make up\n{shown}```\n")

    with pytest.raises(AssertionError, match="make up"):
        follow("page", tmp_path, Typed(status, printed))


def test_what_a_test_says_of_a_page_that_says_it_no_longer_fails_the_test(page: Path, tmp_path: Path) -> None:
    page.write_text("```console\n$ make up\n```\n")

    with pytest.raises(AssertionError, match="no longer says"):
        follow("page", tmp_path, Typed(0, ""), differences=[Difference("make down", "", "")])
    with pytest.raises(AssertionError, match="no longer says"):
        follow("page", tmp_path, Typed(0, ""), not_run={"make down": "no machine"})
    with pytest.raises(AssertionError, match="no longer says"):
        follow("page", tmp_path, Typed(0, ""), happens={"Elsewhere": list})

"""
Every command of README and docs is run by a test: by the guides' own, or by the one that commands.yaml names. What
cannot be run here stands there with the reason.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import FOLLOWED, PROJECT, followed, spelled, typed
from tests.fixtures.guide import GUIDES

TABLE: Mapping[str, Mapping[str, Any]] = yaml.safe_load((PROJECT / "tests" / "docs" / "commands.yaml").read_text())
LINES_OF_A_SCREEN = 60


def test_every_command_is_run_by_a_test_or_its_reason_is_told() -> None:
    known = followed() | TABLE.keys()

    assert [str(said) for said in typed() if said.text not in known] == []


def test_the_table_tells_of_no_command_that_nobody_is_told_to_type() -> None:
    told = {said.text for said in typed()}

    assert [command for command in TABLE if command not in told or command != spelled(command)] == []


@pytest.mark.parametrize("command", [command for command, how in TABLE.items() if "test" in how])
def test_the_test_that_the_table_names_runs_the_command(command: str) -> None:
    how = TABLE[command]
    text = (PROJECT / how["test"]).read_text(encoding="utf-8")

    assert how["words"]
    assert [word for word in how["words"] if word not in text] == []


@pytest.mark.parametrize("command", TABLE)
def test_an_entry_names_a_test_and_its_words_or_else_a_reason(command: str) -> None:
    assert set(TABLE[command]) in ({"test", "words"}, {"not run"})


@pytest.mark.parametrize(("page", "test"), FOLLOWED.items(), ids=lambda one: getattr(one, "stem", ""))
def test_a_page_that_is_followed_is_named_by_the_test_that_follows_it(page: Path, test: str) -> None:
    assert f'{page.stem}"' in (PROJECT / "tests" / "end_to_end" / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.md")), ids=lambda page: page.stem)
def test_a_guide_is_two_screens_long_and_ends_with_what_if(guide: Path) -> None:
    lines = guide.read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 2 * LINES_OF_A_SCREEN
    assert [line for line in lines if line.startswith("## ")][-1] == "## What if"

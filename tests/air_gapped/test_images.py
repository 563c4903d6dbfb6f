"""How an image becomes local, told from what a stand-in for the `docker` command was asked to do."""

import os
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from air_gapped import images

# After the manual of Docker's command line (docs.docker.com/reference/cli/docker/image/): `inspect` fails for an
# image that is not local and prints an empty line where a label is missing; `import` takes options, file and name.
_STAND_IN = """
import pathlib, shutil, sys
here = pathlib.Path(__file__).parent
match sys.argv[1:]:
    case ["image", "inspect", *_]:
        print((here / "label").read_text())
    case ["pull", *_]:
        (here / "registry").stat()
    case ["import", *changes, archive, _]:
        shutil.copy(archive, here / "imported.tar")
        (here / "label").write_text(changes[-1].partition("LABEL trugen-llm.recipe=")[2])
    case _:
        sys.exit(125)
"""


@dataclass(frozen=True)
class Docker:
    folder: Path

    def holds_image_with(self, label: str) -> None:
        (self.folder / "label").write_text(label)

    def reaches_a_registry(self) -> None:
        (self.folder / "registry").touch()

    def imported(self) -> dict[str, tarfile.TarInfo]:
        with tarfile.open(self.folder / "imported.tar") as archive:
            return {member.name.removeprefix("./"): member for member in archive}


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    monkeypatch.setenv("TRUGEN_LLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TRUGEN_LLM_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("TRUGEN_LLM_OFFLINE", raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(f"#!{sys.executable}\n{_STAND_IN}")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Docker(folder)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "recipe"
    path.write_text("first")
    return path


@pytest.fixture
def provided(source: Path) -> Callable[[], str]:
    def assembled(_report: Callable[[str], None]) -> Path:
        tree = images.new_tree("tool-image")
        (tree / "bin/tool").write_text("program")
        (tree / "bin/tool").chmod(0o700)
        (tree / "etc/settings").write_text("")
        (tree / "etc/settings").chmod(0o600)
        return tree

    recipe = images.Recipe(
        image="tool:1",
        made_of="a test",
        assemble=assembled,
        config=['CMD ["tool"]'],
        sources=[source],
        capabilities={"bin/tool": images.NET_BIND_SERVICE},
    )
    return lambda: images.provide(recipe, lambda _news: None)


def test_a_pulled_image_is_kept(docker: Docker, provided: Callable[[], str]) -> None:
    docker.holds_image_with(label="")

    assert "tool:1, already local" == provided()


def test_an_image_that_can_be_pulled_is_not_made(docker: Docker, provided: Callable[[], str]) -> None:
    docker.reaches_a_registry()

    assert "tool:1, pulled" == provided()


@pytest.mark.usefixtures("docker")
def test_an_image_made_once_is_kept(provided: Callable[[], str]) -> None:
    assert ["tool:1, imported from a test", "tool:1, already local"] == [provided(), provided()]


@pytest.mark.usefixtures("docker")
def test_an_image_of_a_recipe_that_has_changed_is_made_anew(source: Path, provided: Callable[[], str]) -> None:
    provided()
    source.write_text("second")

    assert "tool:1, imported from a test" == provided()


def test_sites_with_mirrors_only_are_never_made_to_wait_for_a_registry(
    docker: Docker, provided: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.reaches_a_registry()
    monkeypatch.setenv("TRUGEN_LLM_OFFLINE", "1")

    assert "tool:1, imported from a test" == provided()


def test_files_of_an_image_are_owned_by_root_and_readable_by_all_whoever_makes_it(
    docker: Docker, provided: Callable[[], str]
) -> None:
    provided()
    program, settings = (docker.imported()[name] for name in ("bin/tool", "etc/settings"))

    assert [(0, 0), (0, 0)] == [(file.uid, file.gid) for file in (program, settings)]
    assert [0o755, 0o644] == [program.mode, settings.mode]


def test_everybody_may_write_to_tmp(docker: Docker, provided: Callable[[], str]) -> None:
    provided()

    assert 0o1777 == docker.imported()["tmp"].mode


def test_only_the_program_that_needs_a_capability_gets_it(docker: Docker, provided: Callable[[], str]) -> None:
    provided()

    with_one = {name for name, member in docker.imported().items() if "security.capability" in str(member.pax_headers)}
    assert {"bin/tool"} == with_one

"""Docker images: local, pulled, or imported from a tree of programs of this machine and the libraries they link."""

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from air_gapped import docker_engine, places
from air_gapped.commands import output, run
from air_gapped.progress import Report
from air_gapped.pulumi_tools import offline

_PULL_LIMIT_S = 900.0


def is_local(image: str) -> bool:
    return inspected(image, "{{.Id}}") is not None


def inspected(image: str, template: str) -> str | None:
    """What a Go template says about *image*, None when it is not local."""
    said = output(["docker", "image", "inspect", "--format", template, image], env=docker_engine.environment())
    return None if said is None else said.strip()


def registry_answers(image: str) -> bool:
    # A manifest look-up asks the registry for a few kilobytes, where a pull would already take minutes.
    look_up = ["docker", "manifest", "inspect", image]
    return not offline() and output(look_up, env=docker_engine.environment()) is not None


def pull(image: str, report: Report) -> bool:
    """Whether *image* was pulled; False where only package registries may be asked."""
    if offline():
        return False
    report("pulling")
    command = ["docker", "pull", "--quiet", image]
    return output(command, timeout_s=_PULL_LIMIT_S, env=docker_engine.environment()) is not None


def new_tree(name: str, *folders: str) -> Path:
    """An empty tree with what any program expects of a root file system, and *folders*."""
    tree = places.cache() / name
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("bin", "tmp", "root", "etc", *folders):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/\n")
    (tree / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    return tree


def add_files(tree: Path, files: Iterable[str | Path]) -> None:
    """Copy *files* to where they lie on this machine, links followed."""
    for file in files:
        target = tree / str(file).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(file), target)


def add_libraries(tree: Path, programs: Iterable[str | Path]) -> None:
    """Copy the shared libraries that *programs* link."""
    for program in programs:
        add_files(tree, re.findall(r"(/\S+) \(0x", output(["ldd", program]) or ""))


def import_tree(tree: Path, image: str, config: Sequence[str]) -> None:
    """Make *tree* the image *image*, with *config* in the words of a Dockerfile; the tree is used up."""
    changes = [word for line in config for word in ("--change", line)]
    archive = tree.with_suffix(".tar")
    run(["tar", "--create", "--file", archive, "--directory", tree, "."], log=f"{tree.name}-tar")
    try:
        run(["docker", "import", *changes, archive, image], log=tree.name, env=docker_engine.environment())
    finally:
        archive.unlink()
        shutil.rmtree(tree)

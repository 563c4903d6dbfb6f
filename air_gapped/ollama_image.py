"""The Ollama image: local, pulled, or made of an engine compiled here and the libraries it links."""

import shutil
import tarfile
from pathlib import Path

from air_gapped import images, pins, places, system_packages
from air_gapped.go_build import Program, build, download_from_pypi
from air_gapped.progress import Report

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


def engine_binary(report: Report) -> str:
    """Compile Ollama ahead of the image, unless the image is local or can be pulled."""
    if images.is_local(pins.OLLAMA_IMAGE) or images.registry_answers(pins.OLLAMA_IMAGE):
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
    if images.is_local(pins.OLLAMA_IMAGE):
        return f"{pins.OLLAMA_IMAGE}, already local"
    if images.pull(pins.OLLAMA_IMAGE, report):
        return f"{pins.OLLAMA_IMAGE}, pulled"
    # A registry that knew the image may still fail to deliver it.
    _build(report)
    report("importing the engine built here")
    images.import_tree(_assembled(), pins.OLLAMA_IMAGE, _CONFIG)
    return f"{pins.OLLAMA_IMAGE}, imported from the engine built here"


def _assembled() -> Path:
    tree = images.new_tree("ollama-image")
    shutil.copy2(ENGINE.path, tree / "bin")
    images.add_libraries(tree, [ENGINE.path])
    images.add_files(tree, ["/etc/ssl/certs/ca-certificates.crt"])
    return tree

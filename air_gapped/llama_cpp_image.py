"""The llama.cpp image: local, pulled, or made of the wheel `xllamacpp` and the Python that runs this."""

import shutil
import zipfile
from pathlib import Path

from air_gapped import images, pins, places, python_tree, system_packages
from air_gapped.go_build import download_from_pypi
from air_gapped.progress import Report

_ENTRYPOINT = places.RECIPES / "llama_cpp" / "llama_server.py"
# What the upstream image sets (ggml-org/llama.cpp, .devops/cpu.Dockerfile), so that the same component runs both.
_CONFIG = [
    'ENTRYPOINT ["/app/llama-server"]',
    "ENV LLAMA_ARG_HOST=0.0.0.0",
    "ENV PATH=/bin",
    "ENV HOME=/root",
    "WORKDIR /app",
    'HEALTHCHECK CMD ["curl", "-f", "http://localhost:8080/health"]',
]
# No `site`: packages of this machine stay out.
_PYTHON_OPTIONS = "-ES"


def image(report: Report) -> str:
    """Make the image local; returns where it came from."""
    return images.provide(
        images.Recipe(
            image=pins.LLAMA_CPP_IMAGE,
            made_of=places.pypi_release("xllamacpp"),
            assemble=_assembled,
            config=_CONFIG,
            sources=[_ENTRYPOINT, Path(__file__), Path(python_tree.__file__), places.pypi_pin("xllamacpp")],
        ),
        report,
    )


def _assembled(report: Report) -> Path:
    system_packages.ensure({"curl": "curl"}, report)
    report("downloading llama.cpp from the package index")
    tree = images.new_tree("llama-cpp-image", "app")
    app = tree / "app"
    with zipfile.ZipFile(download_from_pypi("xllamacpp")) as wheel:
        wheel.extractall(app, [name for name in wheel.namelist() if name.startswith("xllamacpp/")])
    server = app / "llama-server"
    server.write_text(f"#!{python_tree.interpreter()} {_PYTHON_OPTIONS}\n{_ENTRYPOINT.read_text()}")
    server.chmod(0o755)
    python_tree.add_python(tree)
    curl = shutil.which("curl") or "curl"
    shutil.copy2(curl, tree / "bin" / "curl")
    images.add_libraries(tree, [curl, *app.rglob("*.so")])
    return tree

"""The llama.cpp image: local, pulled, or made of the wheel `xllamacpp` and the Python that runs this."""

import hashlib
import os
import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

from air_gapped import images, pins, places, system_packages
from air_gapped.commands import PrepareError, output
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
_RECIPE_LABEL = "trugen-llm.recipe"
# No `site`: packages of this machine stay out.
_PYTHON_OPTIONS = "-ES"
_COMPILED_MODULES_IT_IMPORTS = (
    "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[1] + '/llama-server');"
    "files = [getattr(module, '__file__', None) or '' for module in sys.modules.values()];"
    "print(*(file for file in files if file.endswith('.so')), sep='\\n')"
)
_NOT_NEEDED = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "ensurepip"}


def image(report: Report) -> str:
    """Make the image local; returns where it came from."""
    if images.is_local(pins.LLAMA_CPP_IMAGE) and _made_from() in {"", _recipe()}:
        return f"{pins.LLAMA_CPP_IMAGE}, already local"
    if images.pull(pins.LLAMA_CPP_IMAGE, report):
        return f"{pins.LLAMA_CPP_IMAGE}, pulled"
    system_packages.ensure({"curl": "curl"}, report)
    report("importing llama.cpp from the package index")
    wheel = download_from_pypi("xllamacpp")
    images.import_tree(_assembled(wheel), pins.LLAMA_CPP_IMAGE, [*_CONFIG, f"LABEL {_RECIPE_LABEL}={_recipe()}"])
    return f"{pins.LLAMA_CPP_IMAGE}, imported from {wheel.name.split('-cp')[0]}"


def _made_from() -> str | None:
    """The recipe of the local image, empty for one that was pulled."""
    return images.inspected(pins.LLAMA_CPP_IMAGE, f'{{{{index .Config.Labels "{_RECIPE_LABEL}"}}}}')


def _recipe() -> str:
    sources = [_ENTRYPOINT, Path(__file__), places.pypi_pin("xllamacpp")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def _assembled(wheel: Path) -> Path:
    python = os.path.realpath(sys.executable)
    tree = images.new_tree("llama-cpp-image", "app")
    app = tree / "app"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(app, [name for name in archive.namelist() if name.startswith("xllamacpp/")])
    server = app / "llama-server"
    server.write_text(f"#!{python} {_PYTHON_OPTIONS}\n{_ENTRYPOINT.read_text()}")
    server.chmod(0o755)
    compiled = output([python, _PYTHON_OPTIONS, "-B", "-c", _COMPILED_MODULES_IT_IMPORTS, app], timeout_s=120)
    if compiled is None:
        raise PrepareError(f"{wheel.name} does not run on this machine.\n  See why: {python} {server} --version")
    modules = compiled.split()
    curl = shutil.which("curl") or "curl"
    images.add_files(tree, [python, *_standard_library(), *(name for name in modules if not name.startswith(str(app)))])
    shutil.copy2(os.path.realpath(curl), tree / "bin" / "curl")
    images.add_libraries(tree, [python, curl, *modules])
    return tree


def _standard_library() -> list[Path]:
    """Sources of this Python, whole: which of them an import touches differs between its releases."""
    root = Path(sysconfig.get_path("stdlib"))
    sources = (path.relative_to(root) for path in root.rglob("*.py"))
    return [root / path for path in sources if not _NOT_NEEDED & set(path.parts)]

"""The Python that runs this, with its standard library, as part of an image."""

import os
import sys
import sysconfig
from pathlib import Path

from air_gapped import images

# Packages of this machine stay out, and Tcl/Tk would bring the libraries of a whole desktop.
_NOT_NEEDED = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "ensurepip", "tkinter"}
_NOT_NEEDED_COMPILED = ("_tkinter", "_test", "_xx")


def interpreter() -> str:
    """Where it lies, here and in the image."""
    return os.path.realpath(sys.executable)


def add_python(tree: Path) -> None:
    """
    Copy it to where it lies on this machine.

    Its standard library goes whole: which part of it an import touches differs between its releases.
    """
    # Also in a virtual environment this is the library of the Python beneath.
    library = Path(sysconfig.get_path("stdlib"))
    sources = [path for path in library.rglob("*.py") if not _NOT_NEEDED & set(path.relative_to(library).parts)]
    compiled = [
        path for path in (library / "lib-dynload").glob("*.so") if not path.name.startswith(_NOT_NEEDED_COMPILED)
    ]
    images.add_files(tree, [interpreter(), *sources, *compiled])
    images.add_libraries(tree, [interpreter(), *compiled])

"""The image of Python for programs that need only its standard library: local, pulled, or this machine's Python."""

from pathlib import Path

from air_gapped import images, pins, python_tree
from air_gapped.progress import Report

# What the upstream image sets (docker-library/python, 3.11/slim-bookworm/Dockerfile), so that one command runs both.
_CONFIG = [
    'CMD ["python3"]',
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
]


def image(report: Report) -> str:
    """Make the image local; returns where it came from."""
    return images.provide(
        images.Recipe(
            image=pins.PYTHON_IMAGE,
            made_of="this machine's Python",
            assemble=_assembled,
            config=_CONFIG,
            sources=[Path(__file__), Path(python_tree.__file__)],
        ),
        report,
    )


def _assembled(_report: Report) -> Path:
    tree = images.new_tree("python-image", "usr/local/bin")
    python_tree.add_python(tree)
    for name in ("python3", "python"):
        (tree / "usr/local/bin" / name).symlink_to(python_tree.interpreter())
    return tree

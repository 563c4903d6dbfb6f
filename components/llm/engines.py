"""What is known about each engine, as data: a second engine is a second record, not a subclass."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """
    How to run one engine in a container.

    `port` is the port inside the container; `models_path` is where weights live, so the volume goes there.
    """

    name: str
    image: str
    port: int
    models_path: str
    env: Mapping[str, str]
    healthcheck: tuple[str, ...]


# Source: ollama/ollama at v0.24.0, docs/docker.mdx (image layout) and envconfig/config.go (variables).
OLLAMA = Engine(
    name="ollama",
    image="ollama/ollama:0.24.0",
    port=11434,
    models_path="/root/.ollama",
    env={
        "HOME": "/root",
        "OLLAMA_HOST": "0.0.0.0:11434",
        # "-cloud" models and web search would send prompts to ollama.com.
        "OLLAMA_NO_CLOUD": "1",
    },
    # The image has neither curl nor wget (ollama/ollama#9781).
    healthcheck=("CMD", "ollama", "list"),
)

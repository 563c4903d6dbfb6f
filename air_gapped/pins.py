"""Versions of everything that does not come from requirements.txt. A cache entry is named by its version."""

PULUMI = "3.259.0"
DOCKER_PLUGIN = "5.2.0"
OLLAMA = "0.24.0"
OLLAMA_IMAGE = f"ollama/ollama:{OLLAMA}"
# The tag of the product's default, without its digest, which no image made here can have. Where it cannot be pulled it
# is made of the wheel `xllamacpp` 2026.10.11549: the last number is that of its llama.cpp, b11549 (xorbitsai/xllamacpp,
# scripts/generate-release-version.sh), 90 builds later. Of that build upstream seems to have no image: they are daily.
LLAMA_CPP_IMAGE = "ghcr.io/ggml-org/llama.cpp:server-b11459"
# The gateway's: its proxy, and the Python that runs its relay. Made here, the latter is whatever Python runs this.
CADDY_IMAGE = "caddy:2.11.7"
PYTHON_IMAGE = "python:3.11-slim-bookworm"
MIN_GO = (1, 26)
ACTIONLINT = "1.7.12"

GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

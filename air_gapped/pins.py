"""Versions of everything that does not come from requirements.txt. A cache entry is named by its version."""

PULUMI = "3.259.0"
DOCKER_PLUGIN = "5.2.0"
OLLAMA = "0.24.0"
OLLAMA_IMAGE = f"ollama/ollama:{OLLAMA}"
# Tags of this image are made once a day, not for every build; this one is in public use (kind and Terraform set-ups of
# October 2026). Where it cannot be pulled it is made of the wheel `xllamacpp` 2026.10.11549, whose last number is that
# of its llama.cpp (xorbitsai/xllamacpp, scripts/generate-release-version.sh): b11549, 34 builds later.
LLAMA_CPP_IMAGE = "ghcr.io/ggml-org/llama.cpp:server-b11515"
MIN_GO = (1, 26)

GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

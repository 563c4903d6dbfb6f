"""A LoRA adapter on real engines: imported by the product's own work on Ollama, named on llama.cpp's command line."""

from pathlib import Path
from typing import Any

import pytest
import requests

from components.llm import gguf
from components.llm.model_work import Blob, Import, ModelWork, Patience
from components.llm.ollama_api import OllamaApi
from tests.fixtures.lora_adapter import write_adapter
from tests.fixtures.real_servers import CHATML, GGUF, MODEL, RealServer, real_llama_cpp

pytestmark = pytest.mark.docker


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "adapter.gguf")


def likeliest_words(server: RealServer, model: str) -> str:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 8,
        "temperature": 0,
        "seed": 1,
    }
    answer = requests.post(f"{server.base_url}/chat/completions", json=body, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["choices"][0]["message"]["content"])


def test_the_made_adapter_is_a_whole_gguf_file(adapter: Path) -> None:
    gguf.check(adapter)


def test_a_model_that_is_imported_with_an_adapter_answers_otherwise(ollama: RealServer, adapter: Path) -> None:
    with OllamaApi(ollama.root_url) as api:
        patience = Patience(60, lambda _: None, lambda: None)
        source = Import(
            Blob(GGUF, gguf.sha256(GGUF)), {"template": CHATML}, adapter=Blob(adapter, gguf.sha256(adapter))
        )
        ModelWork(api, "smollm2:adapted", patience).import_file(source)
        try:
            assert likeliest_words(ollama, "smollm2:adapted") != likeliest_words(ollama, MODEL)
        finally:
            api.delete("smollm2:adapted")


def test_an_adapter_on_the_command_line_of_llama_cpp_changes_the_answer(llama_cpp: RealServer, adapter: Path) -> None:
    with real_llama_cpp("--lora", "/models/adapter.gguf", files={"/models/adapter.gguf": adapter}) as adapted:
        assert likeliest_words(adapted, MODEL) != likeliest_words(llama_cpp, MODEL)

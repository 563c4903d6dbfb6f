"""Names of Ollama models."""

import pytest

from components.llm.model_name import ModelName


@pytest.mark.parametrize(
    ("text", "full", "manifest"),
    [
        ("llama3.2:1b", "registry.ollama.ai/library/llama3.2:1b", "/v2/library/llama3.2/manifests/1b"),
        ("me/mine:v1", "registry.ollama.ai/me/mine:v1", "/v2/me/mine/manifests/v1"),
        (
            "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M",
            "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M",
            "/v2/bartowski/Llama-3.2-1B-GGUF/manifests/Q4_K_M",
        ),
        ("localhost:5000/team/model:1", "localhost:5000/team/model:1", "/v2/team/model/manifests/1"),
    ],
)
def test_a_short_name_means_the_library_of_ollama(text: str, full: str, manifest: str) -> None:
    name = ModelName.parse(text)

    assert (str(name), name.manifest_path) == (full, manifest)


def test_both_spellings_of_a_library_model_are_one_model() -> None:
    assert ModelName.parse("registry.ollama.ai/library/llama3.2:1b") == ModelName.parse("llama3.2:1b")


@pytest.mark.parametrize(
    "text",
    [
        *("", ":1b", "a b:1", "a:", "../x:1", "https://x/y:1", "-x:1", "a/b/c/d:1", "x@sha256:0"),
        *("x:1\n", 'x:1"', "x:1}", "x:{$HOME}", "{file./etc/passwd}:1", "x:1\0", "x:$(id)", "x:1;id"),
    ],
)
def test_anything_else_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a model name; write it like 'llama3\.2:1b'"):
        ModelName.parse(text)


def test_a_name_without_a_tag_is_asked_which_one() -> None:
    with pytest.raises(ValueError, match="'llama3' names no tag; say which one, for example 'llama3:latest'"):
        ModelName.parse("llama3")

"""
What an engine is started with, argument by argument, against the command line that its documentation describes.

`tests/fixtures/documented` holds that, with the version and files it was read from.
"""

import shlex
from typing import Any

import pytest
from pydantic import TypeAdapter

from components.llm.container_spec import ContainerSpec, container_spec
from components.llm.document import Llm
from components.llm.engines import ENGINES
from tests.fixtures.documented import documented

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"weights": {"repository": "acme/support-8b", "revision": COMMIT}}
# Every setting that an engine has, so that every flag is asked for.
EVERYTHING: dict[str, dict[str, Any]] = {
    "tgi": {
        **HUB,
        "engine": "tgi",
        "model": "acme/support-8b",
        "gpu": {"count": 2},
        "shards": 2,
        "quantization": "fp8",
        "dtype": "bfloat16",
        "trustRemoteCode": True,
        "contextLength": 8192,
        "maxInput": 6000,
        "parallel": 32,
    },
    "vllm": {
        **HUB,
        "engine": "vllm",
        "model": "support",
        "gpu": [0, 1],
        "shards": 2,
        "quantization": "fp8",
        "dtype": "bfloat16",
        "trustRemoteCode": True,
        "contextLength": 8192,
        "parallel": 32,
        "toolCallParser": "hermes",
        "reasoningParser": "qwen3",
        "chatTemplateFile": "templates/support.jinja",
        "gpuMemoryShare": 0.85,
        "loras": {"legal": {"directory": "loras/legal"}, "sales": {"directory": "loras/sales"}},
        "maxLoraRank": 32,
    },
    "sglang": {
        **HUB,
        "engine": "sglang",
        "model": "support",
        "gpu": "all",
        "shards": 2,
        "quantization": "fp8",
        "dtype": "bfloat16",
        "trustRemoteCode": True,
        "contextLength": 8192,
        "parallel": 32,
        "toolCallParser": "qwen25",
        "reasoningParser": "qwen3",
        "chatTemplateFile": "templates/support.jinja",
        "gpuMemoryShare": 0.85,
    },
    "llama.cpp": {
        "engine": "llama.cpp",
        "model": "support",
        "gguf": "models/support.gguf",
        "mmproj": "models/mmproj.gguf",
        "loras": ["models/one.gguf", "models/two.gguf"],
        "chatTemplateFile": "templates/support.jinja",
        "contextLength": 4096,
        "parallel": 4,
        "threads": 8,
        "gpu": "all",
        "gpuLayers": 20,
    },
    "litellm": {"engine": "anthropic", "model": "claude-sonnet-4-5", "maxTokens": 1024},
}
each_engine = pytest.mark.parametrize("engine", EVERYTHING)


def llm_of(declared: dict[str, Any]) -> Any:
    return TypeAdapter(Llm).validate_python(declared, by_name=False)


def spec_of(declared: dict[str, Any]) -> ContainerSpec:
    return container_spec(llm_of(declared))


@each_engine
def test_every_argument_is_documented_with_the_value_it_gets(engine: str) -> None:
    assert list(documented(engine).objections(spec_of(EVERYTHING[engine]).command)) == []


# What says where, how large and how safe a container is, and nothing to the engine in it.
OF_THE_CONTAINER = {"engine", "image", "memory", "shm", "cpus", "restart", "ready"}
OF_THE_GATEWAY = {"port", "privatePort", "publicUrl", "strategy", "gateway"}
OF_THE_AGENTS = {"serves"}
# The settings that cannot stand without another.
NEEDED_BY = {"contextLength": {"maxInput"}, "loras": {"maxLoraRank"}}
REQUIRED = {"model", "weights", "gguf", "gpu"}
SETTINGS = [
    pytest.param(engine, setting, id=f"{engine}-{setting}")
    for engine, declared in EVERYTHING.items()
    for setting in sorted(declared.keys() - {"engine"} - REQUIRED)
    if engine != "litellm"  # whose settings stand in its file: test_litellm_config.py
]


@pytest.mark.parametrize("engine", [name for name in EVERYTHING if name != "litellm"])
def test_the_settings_tried_here_are_all_that_the_engine_has(engine: str) -> None:
    document = type(llm_of(EVERYTHING[engine]))
    fields = {field.alias for field in document.model_fields.values()}

    assert EVERYTHING[engine].keys() - {"engine"} == fields - OF_THE_CONTAINER - OF_THE_GATEWAY - OF_THE_AGENTS


@pytest.mark.parametrize(("engine", "setting"), SETTINGS)
def test_everything_a_stack_may_say_reaches_the_engine(engine: str, setting: str) -> None:
    declared = EVERYTHING[engine]
    without = {key: value for key, value in declared.items() if key not in {setting, *NEEDED_BY.get(setting, ())}}

    assert spec_of(declared) != spec_of(without)


@each_engine
def test_every_flag_that_is_known_is_tried_here(engine: str) -> None:
    command = spec_of(EVERYTHING[engine]).command
    on_cpu_only = {"--disable-custom-kernels"}

    assert set(ENGINES[engine].flags) - set(command) == ({*on_cpu_only} if engine == "tgi" else set())


@each_engine
def test_the_image_is_one_whose_documentation_was_read(engine: str) -> None:
    image = documented(engine).image
    digest = "" if image.digest == "unknown" else f"@{image.digest}"

    assert f"{image.repository}:{image.tag}{digest}" in ENGINES[engine].images.values()


@each_engine
def test_every_variable_it_sets_is_known_to_the_engine_or_its_libraries(engine: str) -> None:
    of_libraries = {"HOME", "HF_HOME", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "TRITON_CACHE_DIR"}

    known = set(documented(engine).variables) | {flag.env for flag in documented(engine).flags.values()}

    assert {*ENGINES[engine].env, *ENGINES[engine].settings} - of_libraries <= known


@pytest.mark.parametrize("engine", ENGINES)
def test_words_of_a_hopeless_engine_are_spelled_as_they_are_compared(engine: str) -> None:
    """A log is compared in small letters."""
    assert [fault for fault in ENGINES[engine].hopeless if fault != fault.lower()] == []


def words(command_line: str) -> list[str]:
    return shlex.split(command_line)


def test_tgi_is_started_as_its_readme_shows() -> None:
    """`docker run --gpus all --shm-size 1g … --model-id $model`, huggingface/text-generation-inference, README.md."""
    spec = spec_of({"engine": "tgi", "model": "acme/support-8b", **HUB, "gpu": "all"})

    assert (spec.gpus, spec.shm_mib) == ("all", 1024)
    assert " ".join(spec.command).endswith(
        f"--model-id acme/support-8b --revision {COMMIT} --max-concurrent-requests 16"
    )


def test_tgi_gets_no_value_that_its_entrypoint_would_split() -> None:
    """Its entrypoint passes `$@` unquoted (tgi-entrypoint.sh)."""
    assert [word for word in spec_of(EVERYTHING["tgi"]).command if word.split() != [word]] == []


def test_tgi_is_not_given_a_revision_with_a_directory() -> None:
    """Its router then asks the hub for the directory's name (router/src/server.rs, `use_api`)."""
    spec = spec_of({"engine": "tgi", "model": "support", "weights": {"directory": "models/support"}, "gpu": "all"})

    assert "--revision" not in spec.command
    assert spec.mounts == {"/models/support": "models/support"}


def test_tgi_leaves_room_for_the_answer() -> None:
    spec = spec_of({"engine": "tgi", "model": "acme/support-8b", **HUB, "gpu": "all", "contextLength": 4096})

    assert words("--max-input-tokens 3584 --max-total-tokens 4096") == list(spec.command[-6:-2])


def test_sglang_is_started_by_the_command_that_its_image_lacks() -> None:
    spec = spec_of({"engine": "sglang", "model": "support", **HUB, "gpu": "all"})

    assert spec.entrypoint == ("python3", "-m", "sglang.launch_server") == documented("sglang").entrypoint


def test_ollama_takes_its_settings_from_the_environment() -> None:
    spec = spec_of({"engine": "ollama", "model": "llama3.2:1b", "parallel": 4, "contextLength": 8192})

    assert spec.command == ()
    assert {"OLLAMA_NUM_PARALLEL": "4", "OLLAMA_CONTEXT_LENGTH": "8192"}.items() <= spec.env.items()

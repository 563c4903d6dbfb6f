"""The containers of the other engines, as asked of Docker: hardened alike, each with its documented command line."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.program.conftest import PROJECT_FOLDER, Program, is_secret, stack_file

Run = Callable[..., Program]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = {"repository": "acme/support-8b", "revision": COMMIT}
HUB_TOKEN = "hf_canary0123456789abcdef0123456789ab"
LLMS: dict[str, dict[str, Any]] = {
    "tgi": {"engine": "tgi", "model": "acme/support-8b", "weights": REPOSITORY, "gpu": "all"},
    "vllm": {"engine": "vllm", "model": "support", "weights": REPOSITORY, "gpu": "all"},
    "sglang": {"engine": "sglang", "model": "support", "weights": REPOSITORY, "gpu": "all"},
    "llama.cpp": {"engine": "llama.cpp", "model": "support", "gguf": "models/support.gguf"},
}
# What one declared LLM asks for, word by word as the engine's documentation spells it.
COMMANDS = {
    "tgi": (
        "--hostname 0.0.0.0 --port 80 --usage-stats off --model-id acme/support-8b"
        f" --revision {COMMIT} --max-concurrent-requests 16"
    ),
    "vllm": (
        "--host 0.0.0.0 --port 8000 --model acme/support-8b --served-model-name support"
        f" --revision {COMMIT} --tokenizer-revision {COMMIT}"
    ),
    "sglang": (
        f"--host 0.0.0.0 --port 30000 --model-path acme/support-8b --served-model-name support --revision {COMMIT}"
    ),
    "llama.cpp": (
        "--host 0.0.0.0 --port 8080 --no-slots --no-webui --model /models/model.gguf --alias support"
        " --ctx-size 8192 --parallel 1"
    ),
}
HARDENED = ("capabilities", "securityOpts", "readOnly", "logDriver", "logOpts", "networkMode", "restart")
NAMESPACES_OF_THE_HOST = {"privileged", "pidMode", "ipcMode", "usernsMode", "cgroupnsMode"}

each_engine = pytest.mark.parametrize("engine", LLMS)


def with_llm(run: Run, llm: dict[str, Any], secrets: dict[str, Any] | None = None) -> Program:
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"] = llm
    return run(config, secrets)


def container(run: Run, engine: str, **changes: Any) -> dict[str, Any]:
    return dict(with_llm(run, {**LLMS[engine], **changes}).engine.inputs)


@each_engine
def test_a_declared_llm_is_started_by_its_documented_command_line(run: Run, engine: str) -> None:
    assert container(run, engine)["command"] == COMMANDS[engine].split()


@each_engine
def test_every_engine_is_hardened_like_ollama(run: Run, local: Program, engine: str) -> None:
    asked = container(run, engine)

    assert {key: asked[key] for key in HARDENED} == {key: local.engine.inputs[key] for key in HARDENED}
    assert asked.keys() & NAMESPACES_OF_THE_HOST == set()
    assert asked["memory"] == asked["memorySwap"]
    assert "ports" not in asked
    (scratch,) = asked["tmpfs"].values()
    assert "nosuid" in scratch.split(",")
    assert ("noexec" in scratch.split(",")) == (engine not in {"tgi", "vllm", "sglang"}), "those compile kernels there"


@each_engine
def test_its_health_is_checked_on_the_port_it_was_given(run: Run, engine: str) -> None:
    asked = container(run, engine)
    port = asked["command"][asked["command"].index("--port") + 1]

    assert asked["healthcheck"]["tests"][-1] == f"http://127.0.0.1:{port}/health"


@each_engine
def test_it_is_proven_by_the_private_door_that_leads_to_its_port(run: Run, engine: str) -> None:
    program = with_llm(run, {**LLMS[engine], "port": 20000})
    command = program.engine.inputs["command"]
    gate = program.only("ChatCompletionsReady").inputs

    assert gate["base_url"] == f"http://127.0.0.1:20001/engine-a/{command[command.index('--port') + 1]}/v1"


@each_engine
def test_what_it_fetches_outlives_the_container_in_a_volume_of_its_engine(run: Run, engine: str) -> None:
    program = with_llm(run, LLMS[engine])

    dashed = engine.replace(".", "-")
    assert program.named("Volume", f"main-{dashed}").inputs["name"] == f"trugen-llm-test-main-{dashed}"


@pytest.mark.parametrize("engine", ["tgi", "vllm", "sglang"])
def test_it_tells_nobody_that_it_is_used(run: Run, engine: str) -> None:
    assert {"DO_NOT_TRACK=1", "HF_HUB_DISABLE_TELEMETRY=1"} <= set(container(run, engine)["envs"])


@pytest.mark.parametrize("engine", ["tgi", "vllm", "sglang"])
def test_a_token_of_the_hub_reaches_the_engine_as_a_file_and_stands_nowhere_else(run: Run, engine: str) -> None:
    program = with_llm(run, LLMS[engine], {"hubTokens": {"main": HUB_TOKEN}})

    files = program.only("SecretFiles")
    holders = [one.name for one in program.resources if HUB_TOKEN in json.dumps(dict(one.inputs), default=str)]
    asked = program.engine.inputs

    assert holders == [files.name]
    assert is_secret(files, "files.token")
    assert files.inputs["files"]["value"] == {"token": HUB_TOKEN}
    assert f"HF_HOME={asked['volumes'][0]['containerPath']}" in asked["envs"]
    assert files.urn in program.engine.input_dependencies["labels"]


def test_a_directory_is_shown_read_only(run: Run) -> None:
    asked = container(run, "vllm", weights={"directory": "models/support"})

    assert asked["volumes"][1:] == [
        {
            "hostPath": str(PROJECT_FOLDER / "models/support"),
            "containerPath": "/models/support",
            "readOnly": True,
        }
    ]
    assert "--model /models/support" in " ".join(asked["command"])
    assert "--revision" not in asked["command"]


def test_adapters_are_named_for_the_agents_to_ask_for(run: Run) -> None:
    llm = {**LLMS["vllm"], "loras": {"legal": {"directory": "loras/legal"}}, "serves": "legal", "maxLoraRank": 32}
    program = with_llm(run, llm)
    command = " ".join(program.engine.inputs["command"])

    assert "--enable-lora --max-lora-rank 32 --lora-modules legal=/models/loras/legal" in command
    assert program.only("ChatCompletionsReady").inputs["model"] == "legal"


def test_code_that_came_with_the_weights_runs_only_when_asked_for(run: Run) -> None:
    assert "--trust-remote-code" not in container(run, "vllm")["command"]
    assert "--trust-remote-code" in container(run, "vllm", trustRemoteCode=True)["command"]


def test_tools_are_switched_on_with_the_parser_that_they_need(run: Run) -> None:
    command = " ".join(container(run, "vllm", toolCallParser="hermes")["command"])

    assert "--enable-auto-tool-choice --tool-call-parser hermes" in command


def test_llama_cpp_gives_every_conversation_the_declared_context(run: Run) -> None:
    command = " ".join(container(run, "llama.cpp", contextLength=4096, parallel=4)["command"])

    assert "--ctx-size 16384 --parallel 4" in command


# Docker reads the option as a line of CSV: without quotes the ids after the first would be a count (docker/cli,
# opts/gpus.go).
GPUS = [("all", "all"), ({"count": 2}, "2"), ([1], "device=1"), ([0, 2], '"device=0,2"'), ("amd", None)]


@pytest.mark.parametrize(("gpu", "asked"), GPUS)
def test_gpus_are_asked_for_as_docker_spells_them(run: Run, gpu: Any, asked: str | None) -> None:
    assert container(run, "vllm", gpu=gpu).get("gpus") == asked


def test_amd_gpus_are_devices_with_an_image_built_for_them(run: Run) -> None:
    program = with_llm(run, {**LLMS["vllm"], "gpu": "amd"})
    asked = program.engine.inputs

    assert [device["hostPath"] for device in asked["devices"]] == ["/dev/kfd", "/dev/dri"]
    assert asked["groupAdds"]
    assert all(group.isdecimal() for group in asked["groupAdds"])
    assert program.named("RemoteImage", "main-image").inputs["name"].startswith("vllm/vllm-openai-rocm:")


def test_tgi_without_a_gpu_uses_no_kernels_of_its_own(run: Run) -> None:
    program = with_llm(run, {**LLMS["tgi"], "gpu": "off"})

    assert "--disable-custom-kernels" in program.engine.inputs["command"]
    assert program.named("RemoteImage", "main-image").inputs["name"].endswith(":3.3.7")


def test_the_gate_knows_what_the_agents_need_and_whether_strangers_can_call(run: Run) -> None:
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"] = {
        **LLMS["vllm"],
        "toolCallParser": "hermes",
        "publicUrl": "https://l.example/v1",
    }
    config["trugen-llm:agents"]["concierge"] = {
        "llm": "main",
        "agentName": "Ada",
        "personaPrompt": "x" * 300,
        "tool": ["an-id"],
        "vision": {"sceneAnalyzerPrompt": {}},
    }

    gate = run(config).only("ChatCompletionsReady").inputs

    assert (gate["needs_tools"], gate["needs_vision"], gate["auth_required"], gate["gpu"]) == (True, True, True, True)
    assert gate["system_prompt_bytes"] == 512


@pytest.mark.parametrize(("slot", "taken_over"), [("a", ["main-models"]), ("b", [])], ids=["first", "beside another"])
def test_only_the_first_engine_takes_over_the_volume_of_a_release_without_slots(
    run: Run, slot: str, taken_over: list[str]
) -> None:
    """Beside an Ollama that serves, or has stopped, the volume of that name holds its weights."""
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"] = LLMS["llama.cpp"]

    volume = run(config, slot=slot).named("Volume", "main-llama-cpp")

    assert [alias.spec.name for alias in volume.options.aliases] == taken_over


def test_a_server_that_an_earlier_release_made_is_the_same_server(local: Program) -> None:
    """Its type was `OllamaServer`; without the alias the container would be made anew."""
    (alias,) = local.only("LlmServer").options.aliases

    assert alias.spec.type == "trugen-llm:index:OllamaServer"

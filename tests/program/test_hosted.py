"""Hosted LLMs and the proxy to Anthropic, as registered: which URL, which container, and where the secrets go."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
import yaml

from components.llm.engines import LITELLM_CONFIG
from tests.program.conftest import Program, is_secret, stack_file

Run = Callable[..., Program]
KEY = "sk-ant-canary-key-0123456789"
TOKEN = "canary-bearer-0123456789abcdef0123456789"
CLAUDE = {"engine": "anthropic", "model": "claude-sonnet-4-5", "port": 24000}
SECRETS = {"providerKeys": {"main": KEY}, "llmTokens": {"main": TOKEN}}
COMMAND = "--host 0.0.0.0 --port 4000 --config /var/lib/trugen-llm/config.yaml"
GROQ = {"engine": "hosted", "provider": "groq", "model": "openai/gpt-oss-20b"}


def with_llm(run: Run, llm: dict[str, Any], secrets: dict[str, Any]) -> Program:
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"] = llm
    return run(config, secrets)


def files_of(program: Program) -> dict[str, str]:
    files: dict[str, str] = program.only("SecretFiles").inputs["files"]["value"]
    return files


@pytest.fixture
def proxy(run: Run) -> Program:
    return with_llm(run, CLAUDE, SECRETS)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: told.append(text))
    return told


def test_a_provider_is_proven_at_its_url_and_nothing_is_deployed(run: Run) -> None:
    program = with_llm(run, GROQ, {"llmTokens": {"main": "gsk-0123456789"}})
    gate = program.only("ChatCompletionsReady").inputs

    assert (gate["base_url"], gate["agent_url"]) == ("https://api.groq.com/openai/v1",) * 2
    assert (gate["engine"], gate["model"]) == ("hosted", "openai/gpt-oss-20b")
    assert (program.all("Container"), program.all("BearerToken")) == ([], [])


def test_a_provider_is_the_same_to_the_gate_as_its_url(run: Run) -> None:
    token = {"llmTokens": {"main": "gsk-0123456789"}}
    by_url = {"engine": "hosted", "baseUrl": "https://api.groq.com/openai/v1", "model": GROQ["model"]}

    named, spelled = (with_llm(run, llm, token).only("ChatCompletionsReady").inputs for llm in (GROQ, by_url))

    assert dict(named) == dict(spelled)


def test_anthropics_compatible_api_is_warned_of_in_one_line(run: Run, warnings: list[str]) -> None:
    llm = {"engine": "hosted", "provider": "anthropic", "model": "claude-sonnet-4-5"}

    with_llm(run, llm, {"llmTokens": {"main": "sk-ant-0123456789"}})

    (told,) = warnings
    assert told.startswith("llms.main: Anthropic offers its OpenAI-compatible API to test and compare models")
    assert "`engine: anthropic`" in told
    assert "\n" not in told


@pytest.mark.parametrize(("llm", "secrets"), [(CLAUDE, SECRETS), (GROQ, {"llmTokens": {"main": "gsk-0123456789"}})])
def test_nobody_else_is_warned_of(run: Run, warnings: list[str], llm: dict[str, Any], secrets: dict[str, Any]) -> None:
    with_llm(run, llm, secrets)

    assert warnings == []


def test_the_proxy_is_started_by_its_documented_command_line(proxy: Program) -> None:
    asked = proxy.engine.inputs

    assert asked["command"] == COMMAND.split()
    assert (
        proxy.named("RemoteImage", "main-image").inputs["name"].startswith("ghcr.io/berriai/litellm:v1.104.2@sha256:")
    )


def test_the_proxy_is_hardened_like_every_engine(proxy: Program, local: Program) -> None:
    asked, ollama = proxy.engine.inputs, local.engine.inputs
    same = ("capabilities", "securityOpts", "readOnly", "tmpfs", "logDriver", "logOpts", "networkMode", "restart")

    assert {key: asked[key] for key in same} == {key: ollama[key] for key in same}
    assert asked["memory"] == asked["memorySwap"] == 2048
    assert asked["user"] == "0:0"
    assert not {"gpus", "devices", "groupAdds"} & asked.keys()


def test_its_health_is_checked_by_the_python_that_runs_it(proxy: Program) -> None:
    tests = proxy.engine.inputs["healthcheck"]["tests"]

    assert tests[:3] == ["CMD", "python3", "-c"]
    assert "http://127.0.0.1:4000/health/liveliness" in tests[3]
    compile(tests[3], "healthcheck", "exec")


def test_its_environment_holds_settings_and_no_secret(proxy: Program) -> None:
    assert proxy.engine.inputs["envs"] == [
        "DISABLE_ADMIN_UI=True",
        "HOME=/var/lib/trugen-llm",
        "LITELLM_LOCAL_MODEL_COST_MAP=True",
        "NO_DOCS=True",
        "NO_REDOC=True",
    ]


def test_the_key_of_anthropic_stands_in_the_configuration_and_nowhere_else(proxy: Program) -> None:
    files = proxy.only("SecretFiles")
    holders = [one.name for one in proxy.resources if KEY in json.dumps(dict(one.inputs), default=str)]

    assert holders == [files.name]
    assert is_secret(files, f"files.{LITELLM_CONFIG}")
    assert KEY not in json.dumps(proxy.exports, default=str)


def test_the_bearer_stands_in_secrets_only(proxy: Program) -> None:
    holders = {
        (one.type.rpartition(":")[2], key)
        for one in proxy.resources
        for key, value in one.inputs.items()
        if TOKEN in json.dumps(value, default=str)
    }

    assert holders == {("GatewayFiles", "files"), ("ChatCompletionsReady", "token"), ("Agent", "llm_token")}
    assert is_secret(proxy.only("GatewayFiles"), "files.token")
    assert is_secret(proxy.only("ChatCompletionsReady"), "token")
    assert is_secret(proxy.only("Agent"), "llm_token")


def test_the_configuration_lies_where_the_command_line_looks(proxy: Program) -> None:
    """In a volume of its slot: the proxy beside it may have another key."""
    asked = proxy.engine.inputs
    (volume,) = asked["volumes"]
    (name,) = files_of(proxy)

    assert f"{volume['containerPath']}/{name}" == asked["command"][-1]
    assert volume["volumeName"] == proxy.only("SecretFiles").inputs["volume"] == "trugen-llm-test-main-anthropic-a"


def test_the_container_waits_for_its_configuration_and_is_made_again_with_it(proxy: Program) -> None:
    assert proxy.only("SecretFiles").urn in proxy.engine.input_dependencies["labels"]


def test_a_token_that_is_not_given_is_made_and_reaches_agent_and_gateway(run: Run) -> None:
    program = with_llm(run, CLAUDE, {"providerKeys": {"main": KEY}})
    gateway = program.only("GatewayFiles").inputs["files"]["value"]

    assert program.only("Agent").inputs["llm_token"]["value"] == gateway["token"] == "canary-token-of-main"


def test_the_proxy_itself_knows_no_token_but_a_key_that_its_gateway_shows_it(proxy: Program) -> None:
    config = yaml.safe_load(files_of(proxy)[LITELLM_CONFIG])

    assert config["general_settings"]["master_key"] == "canary-token-of-main-engine"
    assert TOKEN not in json.dumps(config)


def test_the_gate_is_told_what_answers(proxy: Program, run: Run) -> None:
    gate = proxy.only("ChatCompletionsReady").inputs
    public = with_llm(run, {**CLAUDE, "publicUrl": "https://claude.example.com/v1"}, SECRETS)

    assert (gate["engine"], gate["model"], gate["gpu"]) == ("litellm", CLAUDE["model"], False)
    assert (gate["base_url"], gate["auth_required"]) == ("http://127.0.0.1:24001/engine-a/4000/v1", True)
    assert gate["agent_url"] == "http://127.0.0.1:24000/v1"
    assert public.only("ChatCompletionsReady").inputs["agent_url"] == "https://claude.example.com/v1"


def test_the_output_names_the_engine_as_the_stack_does(proxy: Program) -> None:
    assert proxy.exports["llms"]["main"]["engine"] == "anthropic"

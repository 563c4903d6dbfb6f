"""Every committed stack file runs, and is what it says it is."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.program.conftest import PROJECT_FOLDER, Program, is_secret, stack_file

Run = Callable[..., Program]
SECRETS: dict[str, dict[str, Any]] = {
    "local": {},
    "dev": {},
    "staging": {"trugenApiKey": "tg-0123456789", "llmTokens": {"main": "sk-0123456789", "hosted": "gsk-0123456789"}},
    "production": {"trugenApiKey": "tg-0123456789", "llmTokens": {"hosted": "gsk-0123456789"}},
}


def run_stack(run: Run, name: str) -> Program:
    """The committed stack of that name, which never ran before."""
    return run(stack_file(name)["config"], SECRETS[name], stack=name, recorded=[])


def test_every_stack_file_is_tried_here() -> None:
    assert {f"Pulumi.{name}.yaml" for name in SECRETS} == {
        path.name for path in PROJECT_FOLDER.glob("stacks/Pulumi.*.yaml")
    }


@pytest.mark.parametrize("name", SECRETS)
def test_every_stack_proves_each_llm_and_points_its_agents_at_the_proof(run: Run, name: str) -> None:
    program = run_stack(run, name)

    gates = {gate.urn for gate in program.all("ChatCompletionsReady")}
    agents = program.all("Agent")
    assert agents
    assert [agent.name for agent in agents if not agent.input_dependencies["llm_url"] <= gates] == []


@pytest.mark.parametrize("name", SECRETS)
def test_no_stack_file_holds_a_secret_in_plain_text(name: str) -> None:
    config = stack_file(name)["config"]

    assert {"trugen-llm:trugenApiKey", "trugen-llm:llmTokens"} & config.keys() == set()


def test_only_the_local_stack_carries_a_salt_since_its_passphrase_is_public() -> None:
    assert [name for name in SECRETS if "encryptionsalt" in stack_file(name)] == ["local"]


def test_a_stack_on_the_real_trugen_starts_no_sandbox_and_keeps_its_key_secret(run: Run) -> None:
    program = run_stack(run, "staging")
    trugen = next(one for one in program.all("pulumi-python") if one.name == "trugen")

    assert program.all("Sandbox") == []
    assert trugen.inputs["trugen:apiUrl"] == "https://api.trugen.ai/v1"
    assert "trugen:sandbox" not in trugen.inputs
    assert is_secret(trugen, "trugen:apiKey")


def test_a_hosted_llm_brings_no_container_and_no_docker(run: Run) -> None:
    program = run_stack(run, "staging")

    assert [one.type for one in program.resources if "docker" in one.type] == []
    assert program.all("OllamaModel") == program.all("UnusedModels") == program.all("BearerToken") == []


def test_production_gives_trugen_the_host_name_of_its_gateway_and_a_token_of_its_own(run: Run) -> None:
    program = run_stack(run, "production")
    gate = program.named("ChatCompletionsReady", "main")

    assert gate.inputs["base_url"] == "http://127.0.0.1:11435/engine-a/8000/v1"
    assert gate.inputs["agent_url"] == "https://llm.example.com/v1"
    assert is_secret(gate, "token")
    assert [agent.name for agent in program.all("Agent") if not is_secret(agent, "llm_token")] == []
    assert {one.name for one in program.all("BearerToken")} == {"main", "main-engine", "main-private"}


def test_production_protects_what_people_talk_to(run: Run) -> None:
    program = run_stack(run, "production")
    kinds = ("Agent", "Tool", "KnowledgeBase", "Guardrail")

    assert [one.name for kind in kinds for one in program.all(kind) if not one.options.protect] == []


@pytest.mark.parametrize("name", ["dev", "staging", "production"])
def test_a_stack_has_several_llms_and_agents_and_shows_where_an_agent_belongs(run: Run, name: str) -> None:
    program = run_stack(run, name)
    suffix = "" if name == "production" else f" ({name})"

    assert len(program.all("ChatCompletionsReady")) > 1
    assert len(program.all("Agent")) > 1
    assert [one.name for one in program.all("Agent") if one.inputs["agent_name"] != one.name.title() + suffix] == []


def test_an_agent_is_the_same_person_in_every_stack(run: Run) -> None:
    persons = {
        (agent.name, agent.inputs["persona_name"], str(agent.inputs["persona_prompt"]))
        for name in SECRETS
        for agent in run_stack(run, name).all("Agent")
    }

    assert sorted(name for name, *_ in persons) == ["concierge", "guide", "reservations"]


def test_production_opens_one_port_to_others_and_it_is_that_of_https(run: Run) -> None:
    program = run_stack(run, "production")
    ports = [port for one in program.all("Container") for port in one.inputs.get("ports", [])]

    assert [port["external"] for port in ports if port["ip"] != "127.0.0.1"] == [443]


def test_the_project_file_demands_every_section_and_looks_before_each_run() -> None:
    project = yaml.safe_load((PROJECT_FOLDER / "Pulumi.yaml").read_text())

    assert (project["name"], project["stackConfigDir"]) == ("trugen-llm", "stacks")
    assert project["options"] == {"refresh": "always"}
    assert {name: entry["type"] for name, entry in project["config"].items()} == {
        "llms": "object",
        "agents": "object",
        "trugen": "object",
    }

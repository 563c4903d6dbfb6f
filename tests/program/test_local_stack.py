"""The default stack as a graph."""

from collections.abc import Callable
from typing import Any

from tests.program.conftest import Program, is_secret, stack_file


def test_the_agent_gets_its_endpoint_from_the_gate_and_from_nothing_else(local: Program) -> None:
    """Verify, then repoint: an agent that took them from the server would move before the proof."""
    gate = local.only("ChatCompletionsReady").urn
    agent = local.only("Agent")

    assert {gate} == set(agent.input_dependencies["llm_url"]) == set(agent.input_dependencies["llm_model"])


def test_the_gate_waits_for_container_weights_and_gateway(local: Program) -> None:
    gate = local.only("ChatCompletionsReady")

    assert {local.engine.urn, local.only("OllamaModel").urn} <= gate.input_dependencies["trigger"]
    assert local.gateway.urn in gate.input_dependencies["agent_url"]


def test_the_gate_and_the_agents_use_a_token_once_the_door_accepts_it(local: Program) -> None:
    """The files are written first: a token of another generation is valid beside the old one before it is used."""
    files = local.only("GatewayFiles").urn

    assert files in local.only("ChatCompletionsReady").input_dependencies["token"]
    assert files in local.only("Agent").input_dependencies["llm_token"]


def test_a_model_is_brought_to_an_engine_whose_gateway_exists(local: Program) -> None:
    model = local.only("OllamaModel")

    assert local.engine.urn in model.input_dependencies["server"]
    assert local.gateway.urn in model.depends_on


def test_the_gateway_opens_when_its_files_are_there_and_its_relay_and_engine_run(local: Program) -> None:
    files = local.only("GatewayFiles").urn

    assert {files, local.relay.urn, local.engine.urn} <= local.gateway.depends_on


def test_what_the_agents_used_before_is_closed_after_they_have_moved(local: Program) -> None:
    assert local.only("Agent").urn in local.only("Drain").depends_on


def test_the_containers_of_an_llm_that_goes_wait_for_its_streams(local: Program) -> None:
    """Pulumi looks at what depends on a resource itself, not at what would lead to it over one that stays."""
    assert {local.engine.urn, local.relay.urn, local.gateway.urn} <= local.only("Drain").depends_on


def test_an_agent_that_moves_to_another_llm_is_waited_for_too(run: Callable[..., Program]) -> None:
    """It has the former token, model and engine of the one that it leaves until it has moved."""
    config: dict[str, Any] = stack_file("local")["config"]
    llms, agents = config["trugen-llm:llms"], config["trugen-llm:agents"]
    llms["other"] = {**llms["main"], "port": 21444, "privatePort": 21446}
    agents["moves"] = {**agents["concierge"], "llm": "other"}

    program = run(config, stack="local")

    everybody = {agent.urn for agent in program.all("Agent")}
    assert {drain.name for drain in program.all("Drain") if everybody <= drain.depends_on} == {"main", "other"}


def test_old_models_go_after_the_former_engine_is_done(local: Program) -> None:
    assert local.only("Drain").urn in local.only("UnusedModels").depends_on


def test_no_way_leads_to_the_engine_but_the_gateway(local: Program) -> None:
    engine, private = local.engine.inputs, local.named("Network", "main-private").inputs

    assert "ports" not in engine
    assert [network["name"] for network in engine["networksAdvanced"]] == [private["name"]]
    assert private["internal"] is True
    assert private["options"] == {"com.docker.network.bridge.inhibit_ipv4": "true"}, "this machine has a route to it"


def test_the_run_fails_when_the_agent_is_not_what_was_declared(local: Program) -> None:
    assert local.only("AgentVerified").input_dependencies["status"] == {local.only("Agent").urn}


def test_agents_have_a_provider_of_their_own_that_knows_it_is_a_sandbox(local: Program) -> None:
    providers = {one.name: one for one in local.all("pulumi-python")}

    assert set(providers) == {"local", "trugen"}
    assert providers["local"].inputs == {}
    assert providers["trugen"].inputs["trugen:sandbox"] == "true"
    assert providers["trugen"].inputs["trugen:apiUrl"] == "http://127.0.0.1:21435/v1"
    assert provider_of(local, "Agent") == "trugen"


def test_nothing_dynamic_uses_the_default_provider(local: Program) -> None:
    """It would store the whole stack config, prompts included, in plain text."""
    dynamic = [one for one in local.resources if one.type.startswith("pulumi-python:dynamic/")]

    assert [one.name for one in dynamic if not one.options.provider] == []
    assert sorted(one.type.rpartition(":")[2] for one in dynamic) == [
        "Agent",
        "AgentVerified",
        "BearerToken",
        "BearerToken",
        "BearerToken",
        "ChatCompletionsReady",
        "Drain",
        "GatewayFiles",
        "OllamaModel",
        "Sandbox",
        "UnusedModels",
    ]


def test_prompts_and_tokens_are_marked_secret(local: Program) -> None:
    agent = local.only("Agent")

    assert [is_secret(agent, key) for key in ("persona_prompt", "agent_system_prompt", "llm_token")] == [True] * 3
    assert {one.name for one in local.all("BearerToken")} == {"main", "main-engine", "main-private"}
    assert all("value" in one.options.additionalSecretOutputs for one in local.all("BearerToken"))
    assert "api_key" in local.only("Sandbox").options.additionalSecretOutputs


def test_the_outputs_are_what_the_command_line_and_the_developer_studio_need(local: Program) -> None:
    assert set(local.exports) == {"agents", "developer_studio", "llms", "sandbox", "trugen_api_url"}
    assert set(local.exports["agents"]["concierge"]) == {"id", "status", "say_url"}
    assert set(local.exports["developer_studio"]["concierge"]) == {"llm", "api_url", "model_name", "token"}


def provider_of(program: Program, kind: str) -> str:
    urn_and_id: str = program.only(kind).options.provider
    return urn_and_id.split("::")[3]

"""The default stack as a graph."""

from tests.program.conftest import Program, is_secret


def test_the_agent_gets_its_endpoint_from_the_gate_and_from_nothing_else(local: Program) -> None:
    """Verify, then repoint: an agent that took them from the server would move before the proof."""
    gate = local.only("ChatCompletionsReady").urn
    agent = local.only("Agent")

    assert {gate} == set(agent.input_dependencies["llm_url"]) == set(agent.input_dependencies["llm_model"])


def test_the_gate_waits_for_container_and_weights(local: Program) -> None:
    gate = local.only("ChatCompletionsReady")

    assert {local.only("Container").urn, local.only("OllamaModel").urn} <= gate.input_dependencies["trigger"]


def test_a_model_is_brought_to_a_container_that_exists(local: Program) -> None:
    assert local.only("Container").urn in local.only("OllamaModel").input_dependencies["server"]


def test_old_models_go_after_the_agents_have_moved(local: Program) -> None:
    assert local.only("Agent").urn in local.only("UnusedModels").depends_on


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
    assert len(dynamic) == 7


def test_prompts_and_tokens_are_marked_secret(local: Program) -> None:
    agent = local.only("Agent")

    assert [is_secret(agent, key) for key in ("persona_prompt", "agent_system_prompt", "llm_token")] == [True] * 3
    assert "value" in local.only("BearerToken").options.additionalSecretOutputs
    assert "api_key" in local.only("Sandbox").options.additionalSecretOutputs


def test_the_outputs_are_what_the_command_line_and_the_developer_studio_need(local: Program) -> None:
    assert set(local.exports) == {"agents", "developer_studio", "llms", "sandbox", "trugen_api_url"}
    assert set(local.exports["agents"]["concierge"]) == {"id", "status", "say_url"}
    assert set(local.exports["developer_studio"]["concierge"]) == {"llm", "api_url", "model_name", "token"}


def provider_of(program: Program, kind: str) -> str:
    urn_and_id: str = program.only(kind).options.provider
    return urn_and_id.split("::")[3]

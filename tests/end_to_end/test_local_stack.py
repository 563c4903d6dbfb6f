"""The main job on real parts: Pulumi, Docker, Ollama with a real model, and the sandbox."""

import json
from collections.abc import Callable

import docker
import requests

from components.cli.say import say
from tests.fixtures.deployment import Deployment, has_ended
from tests.fixtures.pulumi_project import PASSPHRASE
from tests.fixtures.trugen_user import TrugenUser

User = Callable[[], TrugenUser]


def test_one_up_deploys_a_model_whose_agent_answers_in_words(deployment: Deployment) -> None:
    outputs = deployment.deployed()

    spoken = "".join(say(**_sandbox(outputs), agent_id=outputs["agents"]["concierge"]["id"], text="Say hello."))

    assert spoken.strip()


def test_a_second_up_changes_nothing(deployment: Deployment) -> None:
    deployment.deployed()

    again = deployment.up("--expect-no-changes")  # with its preview, as by hand

    assert again.status == 0, again.printed


def test_a_refresh_right_after_up_sees_no_drift(deployment: Deployment) -> None:
    deployment.deployed()

    refresh = deployment.pulumi("refresh", "--preview-only", "--expect-no-changes")

    assert refresh.status == 0, refresh.printed


def test_a_new_persona_prompt_updates_the_same_agent_and_leaves_the_container_alone(
    deployment: Deployment, engine: docker.DockerClient, user: User
) -> None:
    before = deployment.deployed()
    container_before = deployment.engine_container(engine).id
    _replace_prompt(deployment, "You answer in French.")

    after = deployment.deployed()

    assert after["agents"]["concierge"]["id"] == before["agents"]["concierge"]["id"]
    assert deployment.engine_container(engine).id == container_before
    assert [agent["avatars"][0]["persona_prompt"] for agent in user().agents()] == ["You answer in French."]


def test_the_agent_moves_to_a_new_model_that_was_proven_first(deployment: Deployment, user: User) -> None:
    before = deployment.deployed()
    deployment.change("llms.main.model", "smollm2:renamed")

    after = deployment.deployed()

    assert after["agents"]["concierge"]["id"] == before["agents"]["concierge"]["id"]
    assert after["llms"]["main"]["evidence"]["model"] == "smollm2:renamed"
    assert [agent["avatars"][0]["config"]["llm"]["model"] for agent in user().agents()] == ["smollm2:renamed"]


def test_a_model_that_is_no_longer_declared_leaves_the_server(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    deployment.deployed()
    deployment.change("llms.main.model", "smollm2:renamed")
    deployment.deployed()

    root, headers = deployment.engine_api(engine)
    listed = requests.get(f"{root}/api/tags", headers=headers, timeout=10).json()

    assert [model["name"] for model in listed["models"]] == ["smollm2:renamed"]


def test_an_edit_behind_pulumis_back_is_drift_and_up_heals_it(deployment: Deployment, user: User) -> None:
    outputs = deployment.deployed()
    agent_id = outputs["agents"]["concierge"]["id"]
    user().edit(agent_id, record=not user().agents()[0]["record"])
    edited = user().agents()[0]["record"]

    drift = deployment.pulumi("refresh", "--preview-only", "--expect-no-changes")
    deployment.deployed()

    assert drift.status == 7, drift.printed
    assert [(agent["id"], agent["record"]) for agent in user().agents()] == [(agent_id, not edited)]


def test_an_agent_deleted_behind_pulumis_back_is_made_again(deployment: Deployment, user: User) -> None:
    outputs = deployment.deployed()
    user().delete(outputs["agents"]["concierge"]["id"])

    again = deployment.deployed()

    assert [agent["id"] for agent in user().agents()] == [again["agents"]["concierge"]["id"]]


def test_a_stopped_container_comes_back_and_is_proven_again(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    before = deployment.deployed()
    deployment.engine_container(engine).stop(timeout=1)

    after = deployment.deployed()

    assert deployment.engine_container(engine).status == "running"
    assert after["llms"]["main"]["evidence"]["probed_at"] > before["llms"]["main"]["evidence"]["probed_at"]


def test_a_sandbox_that_died_comes_back_with_the_same_agents(deployment: Deployment, user: User) -> None:
    before = deployment.deployed()
    deployment.kill_sandbox()

    after = deployment.deployed()

    assert after["agents"]["concierge"]["id"] == before["agents"]["concierge"]["id"]
    assert [agent["id"] for agent in user().agents()] == [after["agents"]["concierge"]["id"]]


def test_destroy_leaves_no_container_network_volume_process_or_file(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    deployment.deployed()
    sandbox_pid = deployment.sandbox_pid()

    result = deployment.destroy()

    mine: dict[str, str | list[str] | bool] = {"label": f"trugen-llm.stack={deployment.stack}"}
    assert result.status == 0, result.printed
    assert engine.containers.list(all=True, filters=mine) == []
    assert engine.networks.list(filters=mine) == []
    assert engine.volumes.list(filters=mine) == []
    assert has_ended(sandbox_pid)


def test_state_and_output_hold_no_prompt_token_or_key_in_clear(deployment: Deployment) -> None:
    canary = "CANARY-prompt-7f3a"
    _replace_prompt(deployment, f"You are polite. {canary}")
    result = deployment.up("--diff", "--debug")

    assert result.status == 0, result.printed[-6000:]
    secrets = [canary, *_secret_values(deployment.outputs())]
    exposed = [secret for secret in secrets if secret in deployment.exported_state() + result.printed]

    assert result.status == 0, result.printed
    assert exposed == []
    assert len(secrets) >= 3


def test_providers_are_stored_as_short_references(deployment: Deployment) -> None:
    deployment.deployed()

    state = json.loads(deployment.exported_state())

    stored = [
        resource["inputs"]["__provider"]
        for resource in state["deployment"]["resources"]
        if "__provider" in resource.get("inputs", {})
    ]
    assert stored
    assert [provider for provider in stored if len(provider) >= 200] == []


def _sandbox(outputs: dict[str, dict[str, str]]) -> dict[str, str]:
    return {"sandbox_url": outputs["sandbox"]["api_url"], "api_key": outputs["sandbox"]["api_key"]}


def _replace_prompt(deployment: Deployment, text: str) -> None:
    deployment.change("agents.concierge.personaPromptFile", None)
    deployment.change("agents.concierge.personaPrompt", text)


def _secret_values(outputs: dict[str, dict[str, dict[str, str]]]) -> list[str]:
    tokens = [form["token"] for form in outputs["developer_studio"].values()]
    return [PASSPHRASE, str(outputs["sandbox"]["api_key"]), *tokens]

"""What `make up`, `make doctor` and `make down` do once the machine is prepared."""

import docker

from tests.fixtures.deployment import Deployment, has_ended


def test_up_ends_with_agent_endpoint_first_token_time_and_a_spoken_answer(deployment: Deployment) -> None:
    result = deployment.components("up")

    agent_id = deployment.outputs()["agents"]["concierge"]["id"]
    *_, question, answer, timing = result.printed.rstrip().splitlines()
    assert result.status == 0, result.printed
    assert agent_id in result.printed
    assert f"smollm2:135m at http://127.0.0.1:{deployment.port}/v1, first token after" in result.printed
    assert question.startswith("you ")
    assert len(answer.removeprefix("agent").split()) > 2
    assert "first token after" in timing


def test_doctor_finds_nothing_wrong_with_a_fresh_stack(deployment: Deployment) -> None:
    deployment.deployed()

    result = deployment.components("doctor")

    assert result.status == 0, result.printed
    assert {line.split()[0] for line in result.printed.splitlines()} == {"ok"}


def test_doctor_names_a_dead_endpoint_and_the_command_that_heals_it(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    deployment.deployed()
    deployment.engine_container(engine).stop(timeout=1)

    result = deployment.components("doctor")

    assert result.status == 1
    assert f"fault    llm main         http://127.0.0.1:{deployment.port}/v1: HTTP 502" in result.printed
    assert "next: pulumi up" in result.printed


def test_doctor_on_a_stack_that_was_never_deployed_says_how_to_deploy_it(deployment: Deployment) -> None:
    result = deployment.components("doctor")

    assert result.status == 1
    assert "next: make up" in result.printed


def test_down_removes_everything_and_a_second_down_finds_nothing_to_do(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    deployment.components("up")
    pid = deployment.sandbox_pid()

    first, second = deployment.components("down"), deployment.components("down")

    assert (first.status, second.status) == (0, 0), first.printed + second.printed
    assert deployment.containers(engine) == []
    assert has_ended(pid)

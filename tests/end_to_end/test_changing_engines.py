"""An engine changes under a client that never pauses: real parts, and traffic that notices nothing."""

import os
import re
import secrets
from collections.abc import Callable
from typing import Any

import docker
import pytest
import requests

from benchmarks.restless_client import WithoutPause, agent_record
from benchmarks.streaming_client import Endpoint
from components.cli import locks, state_files
from components.llm.gateway.places import ROUTES
from components.llm.names import SLOT_LABEL
from tests.end_to_end.test_switching_engines import llama_cpp
from tests.fixtures.broken_off import start
from tests.fixtures.deployment import Deployment
from tests.fixtures.pulumi_project import Result

MODELS = ".cache/models"
GGUF = f"{MODELS}/SmolLM2-135M-Instruct.Q4_1.gguf"
ARCHITECTURE = b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00"
LOOKED_AT = re.compile(r"docker logs --tail 50 (\w+)")
RUN_LIMIT_S = 300.0
Declare = Callable[[Deployment], None]


@pytest.fixture
def deployment(deployment: Deployment) -> Deployment:
    """Its sandbox tells where an agent's LLM is, as only TruGen itself knows."""
    deployment.change("trugen.sandbox.revealLlm", value=True)
    return deployment


def where(deployment: Deployment) -> Callable[[], Endpoint]:
    """Where the agent finds its LLM, read anew for each request."""
    outputs = deployment.outputs()
    return agent_record(outputs["sandbox"], outputs["agents"]["concierge"]["id"])


def slots(deployment: Deployment, engine: docker.DockerClient) -> list[str]:
    """Of all engines there are."""
    return [one.labels[SLOT_LABEL] for one in deployment.containers(engine) if SLOT_LABEL in one.labels]


def left(deployment: Deployment, engine: docker.DockerClient) -> dict[str, Any]:
    """All that a change may leave behind, and all that it must not touch when it fails."""
    outputs, mine = deployment.outputs(), {"label": f"trugen-llm.stack={deployment.stack}"}
    api, agent = outputs["sandbox"], outputs["agents"]["concierge"]["id"]
    headers = {"x-api-key": api["api_key"]}
    return {
        "containers": sorted(str(one.id) for one in deployment.containers(engine)),
        "networks": sorted(str(one.name) for one in engine.networks.list(filters=mine)),
        "volumes": sorted(str(one.name) for one in engine.volumes.list(filters=mine)),
        "routes": deployment.gateway_file(engine, ROUTES),
        "agent": requests.get(f"{api['api_url']}/ext/agent/{agent}", headers=headers, timeout=10).json(),
        "live": outputs["llms"]["main"]["live_container"],
    }


def use_llama_cpp(deployment: Deployment) -> None:
    deployment.change("llms.main", llama_cpp(deployment))


def keep_ollama(_: Deployment) -> None:
    pass


def unknown_architecture(deployment: Deployment) -> str:
    """Weights that both engines read and then refuse."""
    whole = (deployment.folder / GGUF).read_bytes()
    broken = whole.replace(ARCHITECTURE + b"llama", ARCHITECTURE + b"zlama", 1)
    assert broken != whole
    (deployment.folder / MODELS / "broken.gguf").write_bytes(broken)
    return f"{MODELS}/broken.gguf"


def weights_that_cannot_load(deployment: Deployment) -> None:
    deployment.change("llms.main.gguf", unknown_architecture(deployment))


def no_such_image(deployment: Deployment) -> None:
    deployment.change("llms.main.image", "trugen-llm.invalid/no/such-image:1.0")


def model_that_cannot_load(deployment: Deployment) -> None:
    deployment.change("llms.main.gguf.path", unknown_architecture(deployment))
    deployment.change("llms.main.model", "smollm2:broken")


def generate_a_token(deployment: Deployment) -> None:
    deployment.change("llms.main.gateway.tokenGeneration", 2)


def give_a_token(deployment: Deployment) -> None:
    deployment.pulumi("config", "set", "--secret", "--path", "llmTokens.main", f"sk-{secrets.token_hex(24)}")


def less_context(deployment: Deployment) -> None:
    deployment.change("llms.main.contextLength", 1024)


@pytest.mark.parametrize("change_it", [less_context, use_llama_cpp])
def test_a_change_brings_up_a_new_engine_beside_the_old_one_and_no_request_fails(
    deployment: Deployment, engine: docker.DockerClient, change_it: Declare
) -> None:
    before = deployment.deployed()
    change_it(deployment)

    with WithoutPause(where(deployment), workers=1) as client:
        client.wait_for(1)
        change = deployment.up("--skip-preview")
        client.wait_for(1)

    after = deployment.outputs()
    assert change.status == 0, change.printed
    assert "llms.main: a new engine comes up in slot b; slot a is live until the new one is proven." in change.printed
    assert client.tally().failed == 0, client.tally()
    assert slots(deployment, engine) == ["b"]
    assert after["llms"]["main"]["live_container"] == deployment.engine_container(engine).name
    assert after["agents"]["concierge"]["id"] == before["agents"]["concierge"]["id"]


@pytest.mark.parametrize(
    ("begin", "bad", "causes"),
    [
        (
            use_llama_cpp,
            weights_that_cannot_load,
            ["unknown model architecture: 'zlama'", "stay on 'smollm2' in slot a"],
        ),
        (use_llama_cpp, no_such_image, ["trugen-llm.invalid/no/such-image:1.0"]),
        (keep_ollama, model_that_cannot_load, ["smollm2:broken", "are led to 'smollm2:135m' in slot a, as before"]),
    ],
    ids=["weights", "image", "model of the same server"],
)
def test_a_change_that_fails_leaves_everything_as_it_was_and_a_better_one_succeeds(
    deployment: Deployment, engine: docker.DockerClient, begin: Declare, bad: Declare, causes: list[str]
) -> None:
    begin(deployment)
    deployment.deployed()
    good, before = deployment.config()["config"]["trugen-llm:llms"]["main"], left(deployment, engine)

    with WithoutPause(where(deployment), workers=1) as client:
        bad(deployment)
        for _ in range(2):
            assert_fails(deployment.up("--skip-preview"), causes, engine)
            assert left(deployment, engine) == before
        deployment.change("llms.main", good)
        # A model that an Ollama holds is not declared any more, and goes.
        nothing = () if bad is model_that_cannot_load else ("--expect-no-changes",)
        back = deployment.up("--skip-preview", *nothing)
        assert back.status == 0, back.printed
        assert left(deployment, engine) == before
        less_context(deployment)
        deployment.deployed()

    assert client.tally().failed == 0, client.tally()
    assert slots(deployment, engine) == ["b"]


def assert_fails(result: Result, causes: list[str], engine: docker.DockerClient) -> None:
    assert result.status != 0, result.printed
    assert [cause for cause in causes if cause not in result.printed] == [], result.printed
    assert "Traceback" not in result.printed
    for id_ in LOOKED_AT.findall(result.printed):
        assert engine.containers.get(id_).id, "what a person is told to look at is there"


def test_a_run_that_is_killed_while_the_new_engine_is_proven_is_finished_by_the_next_one(
    deployment: Deployment, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", deployment.environment()["PULUMI_BACKEND_URL"])
    use_llama_cpp(deployment)
    deployment.deployed()
    before = deployment.gateway_file(engine, ROUTES)
    deployment.change("llms.main.contextLength", 1024)

    with WithoutPause(where(deployment), workers=1) as client:
        with start(deployment, "up", limit_s=RUN_LIMIT_S) as run:
            run.wait_for("ChatCompletionsReady main updating (1s)")
            run.kill_all()
        locks.remove_dead(deployment.stack)
        state_files.remove_half_written(deployment.stack)
        killed_at = deployment.gateway_file(engine, ROUTES), slots(deployment, engine)
        client.wait_for(1)
        deployment.deployed()

    again = deployment.up("--skip-preview", "--expect-no-changes")
    assert killed_at == (before, ["b", "a"])
    assert client.tally().failed == 0, client.tally()
    assert slots(deployment, engine) == ["b"]
    assert again.status == 0, again.printed


def test_with_the_strategy_recreate_the_engine_is_replaced_where_it_is(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    use_llama_cpp(deployment)
    deployment.deployed()
    before = deployment.engine_container(engine).id
    deployment.change("llms.main.strategy", "recreate")
    deployment.change("llms.main.contextLength", 1024)

    deployment.deployed()

    assert slots(deployment, engine) == ["a"]
    assert deployment.engine_container(engine).id != before


def test_engines_that_do_not_fit_beside_each_other_are_refused_before_anything_is_created(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    use_llama_cpp(deployment)
    deployment.deployed()
    before, state = left(deployment, engine), deployment.resources()
    all_of_it = engine.info()["MemTotal"]
    large = deployment.folder / MODELS / "large.gguf"
    large.write_bytes((deployment.folder / GGUF).read_bytes())
    os.truncate(large, all_of_it - 1)  # takes no space on the disk
    deployment.change("llms.main.gguf", f"{MODELS}/large.gguf")
    deployment.change("llms.main.memory", all_of_it)

    refused = deployment.up("--skip-preview")

    assert refused.status != 0, refused.printed
    assert "`pulumi config set --path llms.main.strategy recreate`" in refused.printed
    assert left(deployment, engine) == before
    assert deployment.resources() == state


@pytest.mark.parametrize("rotate", [generate_a_token, give_a_token])
def test_a_new_token_replaces_the_old_one_once_the_agents_have_moved_and_no_request_fails(
    deployment: Deployment, rotate: Declare
) -> None:
    use_llama_cpp(deployment)
    deployment.change("llms.main.gateway.drainS", 15)
    deployment.deployed()
    read = where(deployment)
    old = read()

    def old_as_long_as(agent: WithoutPause) -> Endpoint:
        agent.begin("the agent has it" if read().token == old.token else "the agent has moved")
        return old

    with WithoutPause(read, workers=1) as client, WithoutPause(lambda: old_as_long_as(former), workers=1) as former:
        rotate(deployment)
        deployment.deployed()
        client.wait_for(1)

    moved = former.tally("the agent has moved")
    assert read().token != old.token
    assert client.tally().failed == 0, client.tally()
    assert former.tally("the agent has it").failed == 0, former.tally()
    assert moved.requests > moved.failed > 0, moved
    assert set(moved.faults) == {"status 401"}, moved

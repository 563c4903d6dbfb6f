"""What others do to Docker between two runs: a tag is moved, the gateway is lost with all its files."""

from collections.abc import Iterator

import docker
import pytest

from components.llm.engines import OLLAMA
from components.llm.names import SLOT_LABEL
from tests.fixtures.deployment import Deployment

TAG = "1.0"


@pytest.fixture
def image(deployment: Deployment, engine: docker.DockerClient) -> Iterator[str]:
    """Ollama under a name of its own, which no other test uses."""
    name = f"trugen-llm.test/{deployment.stack}"
    engine.images.get(OLLAMA.images["cpu"]).tag(name, TAG)
    yield name
    engine.images.remove(f"{name}:{TAG}", force=True)


def move_tag(engine: docker.DockerClient, image: str) -> str:
    """As a pull does when its publisher has built the image anew; the id of what the tag leads to now."""
    container = engine.containers.create(f"{image}:{TAG}")
    container.commit(image, TAG, changes="LABEL built=anew")
    container.remove()
    return str(engine.images.get(f"{image}:{TAG}").id)


def test_what_a_moved_tag_leads_to_is_proven_beside_the_engine_that_serves(
    deployment: Deployment, engine: docker.DockerClient, image: str
) -> None:
    deployment.change("llms.main.image", f"{image}:{TAG}")
    deployment.deployed()
    before = deployment.engine_container(engine)
    moved_to = move_tag(engine, image)

    result = deployment.up("--skip-preview")
    after = deployment.engine_container(engine)
    again = deployment.up("--skip-preview", "--expect-no-changes")

    assert result.status == 0, result.printed
    assert "slot a is live until the new one is proven" in result.printed
    assert (before.labels[SLOT_LABEL], after.labels[SLOT_LABEL]) == ("a", "b")
    assert after.attrs["Image"] == moved_to
    assert again.status == 0, again.printed


def test_a_gateway_that_is_lost_with_its_files_is_there_again_after_one_run(
    deployment: Deployment, engine: docker.DockerClient
) -> None:
    outputs = deployment.deployed()
    served_by = deployment.engine_container(engine).id
    deployment.gateway_container(engine).remove(force=True)
    engine.volumes.get(deployment.names.gateway).remove()

    healed = deployment.deployed()

    assert healed["agents"]["concierge"]["id"] == outputs["agents"]["concierge"]["id"]
    assert healed["llms"]["main"]["healthy"] is True
    assert deployment.engine_container(engine).id == served_by

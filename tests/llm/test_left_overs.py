"""What an interrupted run left in Docker, and what is somebody else's."""

from collections.abc import Iterator

import pytest

from components.llm import left_overs
from components.llm.names import Names
from tests.fixtures.docker_stand_in import DockerStandIn

NAMES = Names("trugen-llm", "test", "main")


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerStandIn]:
    with DockerStandIn().serve() as docker:
        monkeypatch.setenv("DOCKER_HOST", docker.host)
        yield docker


def test_our_own_left_over_is_removed(docker: DockerStandIn) -> None:
    docker.publish(20500, NAMES.container, dict(NAMES.owner))

    left_overs.remove_container(NAMES.container, NAMES.owner)

    assert docker.containers == []


@pytest.mark.parametrize("labels", [{}, {**NAMES.owner, "trugen-llm.stack": "another"}])
def test_a_container_of_that_name_that_is_not_ours_stays(docker: DockerStandIn, labels: dict[str, str]) -> None:
    docker.publish(20500, NAMES.container, labels)

    left_overs.remove_container(NAMES.container, NAMES.owner)

    assert len(docker.containers) == 1


def test_nothing_left_over_is_nothing_to_do(docker: DockerStandIn) -> None:
    left_overs.remove_container(NAMES.container, NAMES.owner)
    left_overs.remove_network(NAMES.container, NAMES.owner)

    assert docker.removed == []


def test_a_left_over_network_goes_with_our_container_in_it(docker: DockerStandIn) -> None:
    """Docker allows several networks of one name: without this, each interrupted run would add one."""
    docker.publish(20500, NAMES.container, dict(NAMES.owner))
    docker.networks.append(
        {
            "Id": "net-1",
            "Name": NAMES.container,
            "Labels": dict(NAMES.owner),
            "Containers": {f"{NAMES.container}-id": {"Name": NAMES.container}},
        }
    )

    left_overs.remove_network(NAMES.container, NAMES.owner)

    assert docker.removed == [f"{NAMES.container}-id", "net-1"]


def test_a_network_of_that_name_that_is_not_ours_stays(docker: DockerStandIn) -> None:
    docker.networks.append({"Id": "net-1", "Name": NAMES.container, "Labels": {}, "Containers": {}})

    left_overs.remove_network(NAMES.container, NAMES.owner)

    assert docker.removed == []

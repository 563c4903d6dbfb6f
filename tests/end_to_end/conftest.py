import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.fixtures.deployment import Deployment
from tests.fixtures.trugen_user import TrugenUser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "end_to_end" in item.path.parts:
            item.add_marker(pytest.mark.end_to_end)
            if "deployment" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    with closing(docker.from_env()) as client:
        yield client


@pytest.fixture
def deployment(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Deployment]:
    """Not deployed yet; whatever the test leaves is destroyed, and a destroy that fails fails the test."""
    made = Deployment(tmp_path / "project", f"e2e-{secrets.token_hex(3)}")
    yield made
    result = made.destroy()
    leftovers = made.containers(engine)
    for container in leftovers:
        container.remove(force=True)
    assert result.status == 0, result.printed
    assert leftovers == []


@pytest.fixture
def user(deployment: Deployment) -> Callable[[], TrugenUser]:
    """Somebody who uses the workspace past Pulumi: reads, edits and deletes agents with the workspace's key."""
    return lambda: TrugenUser(**deployment.outputs()["sandbox"])

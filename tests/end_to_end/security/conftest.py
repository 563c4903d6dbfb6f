import secrets
from collections.abc import Iterator

import docker
import pytest

from tests.fixtures.guarded import Guarded


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Guarded]:
    """Deployed once for all of these tests: each leaves it as it was."""
    made = Guarded(tmp_path_factory.mktemp("guarded") / "project", f"e2e-{secrets.token_hex(3)}")
    try:
        assert made.first.status == 0, made.first.printed
        yield made
    finally:
        destroyed = made.destroy()
        leftovers = made.containers(engine)
        for container in leftovers:
            container.remove(force=True)
    assert destroyed.status == 0, destroyed.printed
    assert leftovers == []


@pytest.fixture(scope="package")
def private_token(guarded: Guarded, engine: docker.DockerClient) -> str:
    return guarded.private_token(engine)

from collections.abc import Iterator

import pytest

from tests.fixtures.fault_proxy import FaultProxy, fault_proxy
from tests.fixtures.sandbox_server import SandboxServer


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def proxy(sandbox: SandboxServer) -> Iterator[FaultProxy]:
    with fault_proxy(sandbox.root) as proxy:
        yield proxy

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.lifecycle.kind import Kind
from components.lifecycle.roster import Roster
from components.lifecycle.verbs import Lifecycle
from components.trugen.client import TrugenClient
from tests.fixtures.attachment_inputs import ATTACHMENTS, Case, Inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.sandbox_server import SandboxServer

LifecycleOf = Callable[..., Lifecycle]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.clear()
    return server


@pytest.fixture(params=ATTACHMENTS.values(), ids=list(ATTACHMENTS))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def lifecycle_of(sandbox: SandboxServer) -> LifecycleOf:
    """The verbs of a kind, as a provider process makes them; a new process at every call."""

    def build(kind: Kind, url: str = "") -> Lifecycle:
        clock = FakeClock()
        client = TrugenClient(url or sandbox.api_url, sandbox.api_key, clock=clock, sleep=clock.sleep)
        return Lifecycle(kind, client.objects(kind.calls), roster=Roster(), sleep=clock.sleep)

    return build


class Runs:
    """The verbs, each in a process of its own, as one run follows another."""

    def __init__(self, start: Callable[[], Lifecycle]) -> None:
        self._start = start

    def create(self, inputs: Inputs) -> tuple[str, Inputs]:
        return self._start().create(inputs)

    def read(self, id_: str, outs: Inputs) -> Inputs | None:
        return self._start().read(id_, outs)

    def update(self, id_: str, olds: Inputs, news: Inputs) -> Inputs:
        return self._start().update(id_, olds, news)

    def delete(self, id_: str) -> None:
        self._start().delete(id_)


@pytest.fixture
def runs(lifecycle_of: LifecycleOf, case: Case) -> Runs:
    return Runs(lambda: lifecycle_of(case.kind))


@pytest.fixture
def listed(sandbox: SandboxServer, case: Case) -> Callable[[], list[dict[str, Any]]]:
    """What the workspace holds of the kind."""
    return lambda: list(sandbox.call("GET", case.path).json())


@pytest.fixture
def project_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, bytes], str]:
    """Write a file into a project folder of the test's own; returns its path in the stack file."""
    monkeypatch.setattr("components.attachments.files._PROJECT", tmp_path)

    def write(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name

    return write

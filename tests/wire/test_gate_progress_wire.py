import pytest
from pulumi.dynamic import CreateResult, ResourceProvider

from components import progress
from tests.fixtures.dynamic_process import dynamic_process, recording_engine

URN = "urn:pulumi:local::trugen-llm::llm:Gate::smol"


class TalkingProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, str]) -> CreateResult:
        progress.report(URN, "loading model 41%")
        progress.report(URN, "ready", keep=True)
        return CreateResult("1", props)


def test_a_provider_reports_progress_in_the_row_of_its_resource() -> None:
    with recording_engine() as engine, dynamic_process(TalkingProvider(), engine=engine.address) as process:
        process.create({})

    assert [(URN, "loading model 41%", True), (URN, "ready", False)] == [
        (line.urn, line.message, line.ephemeral) for line in engine.lines
    ]


def test_progress_is_lost_but_the_work_goes_on_when_the_engine_does_not_answer() -> None:
    with dynamic_process(TalkingProvider()) as process:
        assert process.create({}).id == "1"


def test_outside_a_provider_process_nothing_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with recording_engine() as engine:
        monkeypatch.setattr("sys.argv", ["pulumi-program", engine.address])

        progress.report(URN, "nobody listens")

        assert engine.lines == []

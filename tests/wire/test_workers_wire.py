"""The pool of a real dynamic-provider process."""

import threading

from pulumi.dynamic import ConfigureRequest, CreateResult, ResourceProvider

from components import workers
from tests.fixtures.dynamic_process import dynamic_process

TOGETHER = 12
_meeting = threading.Barrier(TOGETHER, timeout=10)


class MeetingProvider(ResourceProvider):
    """Answers only when `TOGETHER` calls are there at the same time."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:  # noqa: ARG002 - the SDK's signature
        workers.widen()

    def create(self, props: dict[str, object]) -> CreateResult:
        _meeting.wait()
        return CreateResult(str(props["name"]), props)


def test_a_provider_that_asks_for_it_answers_many_calls_at_once() -> None:
    made: list[str] = []
    with dynamic_process(MeetingProvider()) as process:
        process.configure({})
        process.check({})  # the first call configures the provider; a pool grows when calls come in
        calls = [
            threading.Thread(target=lambda name=name: made.append(process.create({"name": name}).id))
            for name in map(str, range(TOGETHER))
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join()

    assert sorted(made) == sorted(map(str, range(TOGETHER)))


def test_outside_of_a_pool_nothing_happens() -> None:
    workers.widen()

    assert threading.current_thread() is threading.main_thread()

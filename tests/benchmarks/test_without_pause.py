from benchmarks.restless_client import Tally
from benchmarks.streaming_client import Endpoint, Outcome
from benchmarks.without_pause import CHANGES, Changed, measured, report
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, refuse, stream


class Scripted:
    """Notes what it is told to change, and stays as it is."""

    name = "scripted"

    def __init__(self, llm: ScriptedLlm) -> None:
        self._llm = llm
        self.applied: list[str] = []

    def endpoint(self) -> Endpoint:
        return Endpoint(self._llm.base_url, MODEL, "sk-1")

    def apply(self, change: str) -> None:
        self.applied.append(change)


def test_every_change_is_made_under_a_client_that_asks_at_least_so_often() -> None:
    with ScriptedLlm([stream()]) as llm:
        stack = Scripted(llm)
        changes = measured(stack, at_least=150)

    assert tuple(stack.applied) == CHANGES
    assert [each.change for each in changes] == [*CHANGES, "in all"]
    assert all(each.tally.requests > 0 for each in changes)
    assert changes[-1].tally.requests >= 150


def test_what_failed_is_told_with_its_kind_and_what_was_seen() -> None:
    with ScriptedLlm([stream(), refuse(503, "Loading model"), stream()]) as llm:
        lines = report(measured(Scripted(llm), at_least=0))

    assert lines[4].split()[:3] == ["scripted", "in", "all"]
    assert lines[5].startswith("  1 x status 503, as: ")
    assert "Loading model" in lines[5]


def test_a_line_has_requests_failures_and_broken_streams_of_a_change() -> None:
    tally = Tally.of([Outcome("", 0, 1, ttft_s=0.5), Outcome("refused", 1, 1), Outcome("broken", 1, 3, events=2)])

    assert report([Changed("x", "model", 7.0, tally)])[1].split()[1:7] == ["model", "7.0", "s", "3", "2", "1"]

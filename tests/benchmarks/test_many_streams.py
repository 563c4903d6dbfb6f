import pytest

from benchmarks.deployed_gateway import Weight
from benchmarks.many_streams import CADDY, DIRECT, EVENTS, RELAY, THROUGH, Load, percentile, report
from benchmarks.streaming_client import Outcome

LOADS = [Load(name, bytes_per_stream=2048.0, cores=0.5) for name in (CADDY, RELAY)]


def streams(*ttft_s: float, fault: str = "", buffered: int = 0, events: int = EVENTS) -> list[Outcome]:
    return [
        Outcome(fault, began_s=0, ended_s=20, ttft_s=each, events=events, buffered=buffered, detail="")
        for each in ttft_s
    ]


def shown(through: list[Outcome]) -> list[str]:
    return report({DIRECT: [streams(0.001, 0.002, 0.003)], THROUGH: [through]}, LOADS)


def test_added_is_the_difference_between_the_doors_percentiles() -> None:
    lines = shown(streams(0.004, 0.006, 0.010))

    assert "added TTFT p50: 4.0 ms" in lines
    assert "added TTFT p99: 7.0 ms" in lines


def test_streams_that_were_held_to_the_end_are_neither_dropped_nor_buffered() -> None:
    assert shown(streams(0.1, 0.1))[2].split()[3:7] == ["2", "2", "0", "0"]


@pytest.mark.parametrize("lost", [streams(0.1, fault="broken"), streams(0.1, events=EVENTS - 1)])
def test_a_stream_with_a_fault_or_too_few_events_was_dropped(lost: list[Outcome]) -> None:
    assert shown([*streams(0.1), *lost])[2].split()[5] == "1"


def test_buffered_events_are_counted() -> None:
    assert shown(streams(0.1, 0.1, buffered=3))[2].split()[6] == "6"


def test_memory_is_counted_from_the_empty_container_and_cores_from_the_rounds_start() -> None:
    empty, before, during = Weight(1000, 1.0), Weight(6000, 5.0), Weight(11_000, 10.0)

    assert Load.between(CADDY, empty, before, during, streams=10, took_s=20.0) == Load(CADDY, 1000.0, 0.25)


def test_the_percentile_is_the_nearest_rank() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 99) == 4.0

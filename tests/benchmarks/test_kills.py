from benchmarks.kills import Killed, back_s, report
from benchmarks.restless_client import Tally
from benchmarks.streaming_client import Outcome

BEFORE = [Outcome("refused", 0, 1), Outcome("", 1, 9)]
AFTER = [Outcome("broken", 9, 11, events=3), Outcome("", 9, 12), Outcome("refused", 12, 14), Outcome("", 14, 16)]


def test_it_is_back_with_the_first_good_stream_after_the_last_failure() -> None:
    assert back_s([*BEFORE, *AFTER, Outcome("", 16, 20)], killed_at_s=10) == 6


def test_a_kill_that_nobody_noticed_has_no_time_of_return() -> None:
    unnoticed = back_s([*BEFORE, Outcome("", 10, 12)], killed_at_s=10)

    assert unnoticed is None
    assert report([Killed("x", "relay", Tally.of([]), unnoticed)])[1].split()[-1] == "-"


def test_a_line_tells_what_was_lost_to_a_kill() -> None:
    shown = report([Killed("x", "engine", Tally.of(AFTER), 6.0)])[1]

    assert shown.split() == ["x", "engine", "4", "2", "1", "4.0", "s", "6.0", "s"]

import pytest

from benchmarks.many_agents import OURS, PEER, PLAIN, Round, report
from benchmarks.process_tree import Weighed


def took(create_s: float, *, agents: int = 100) -> Round:
    some = Weighed(wall_s=1.0, cpu_s=1.0, peak_rss_bytes=10**8, printed="")
    created = Weighed(wall_s=create_s, cpu_s=1.0, peak_rss_bytes=10**8, printed="")
    return Round(some, created, some, state_bytes=10**6, calls_to_create=100, calls_to_refresh=100, agents=agents)


def test_we_are_ahead_when_our_median_is_smaller(capsys: pytest.CaptureFixture[str]) -> None:
    ours = [took(2.0), took(9.0), took(3.0)]

    report(100, 0.2, {OURS.name: ours, PEER.name: [took(4.0)] * 3, PLAIN.name: [took(8.0)] * 3})

    assert "ahead of OpenTofu in create: yes (3.00 against 4.00)" in capsys.readouterr().out


def test_we_are_not_ahead_when_our_median_is_larger(capsys: pytest.CaptureFixture[str]) -> None:
    report(100, 0.2, {OURS.name: [took(5.0)], PEER.name: [took(4.0)], PLAIN.name: [took(8.0)]})

    assert "ahead of OpenTofu in create: no (5.00 against 4.00)" in capsys.readouterr().out


def test_a_contender_that_lost_agents_has_no_result() -> None:
    taken = {OURS.name: [took(1.0, agents=99)], PEER.name: [took(4.0)], PLAIN.name: [took(8.0)]}

    with pytest.raises(AssertionError, match=r"ours left \[99\] agents"):
        report(100, 0.2, taken)

"""How a sandbox is told its switches, and those that concern every call."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.sandbox.behaviour import Behaviour
from components.sandbox.pace import Bucket
from tests.fixtures.sandbox_server import SandboxServer


def test_switches_are_read_from_words_and_win_over_the_older_flags() -> None:
    behaviour = Behaviour.read(
        ["placement=either", "unique_names=true", "latency_s=0.2", "lag_reads=3"], placement="flat"
    )

    assert behaviour.changed() == {"placement": "either", "unique_names": True, "latency_s": 0.2, "lag_reads": 3}


@pytest.mark.parametrize(
    ("pair", "complaint"),
    [
        ("colour=red", "there is no behaviour 'colour'; these are: placement, replace, put_members"),
        ("placement=upside", "placement=upside cannot be; placement is nested or flat or either"),
        ("unique_names=perhaps", "unique_names=perhaps cannot be; unique_names is true or false"),
        ("lag_reads=-1", "lag_reads=-1 cannot be; lag_reads is a whole number of at least 0"),
        ("latency_s=nan", "latency_s=nan cannot be; latency_s is a number of at least 0"),
        ("patch", "patch= cannot be; patch is present or absent"),
    ],
)
def test_a_switch_or_value_that_does_not_exist_is_refused_with_those_that_do(pair: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Behaviour.read([pair])


def test_calls_beyond_the_limit_are_told_to_come_back(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, rate_limit_rps=0.001) as sandbox:
        first, second = (sandbox.call("GET", "/ext/agent") for _ in range(2))

    assert (first.status_code, second.status_code, second.headers["Retry-After"]) == (200, 429, "1")


def test_the_limit_lets_one_seconds_worth_of_calls_through_and_refills() -> None:
    now = 100.0
    bucket = Bucket(2, lambda: now)
    burst = [bucket.take() for _ in range(3)]
    now += 0.5
    later = [bucket.take() for _ in range(2)]

    assert (burst, later) == ([True, True, False], [True, False])


def test_a_pause_holds_up_no_other_call(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, latency_s=0.2) as sandbox, ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: sandbox.call("GET", "/ext/avatars"), range(64)))

    assert {answer.status_code for answer in answers} == {200}
    assert min(answer.elapsed.total_seconds() for answer in answers) >= 0.2

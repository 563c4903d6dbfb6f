from collections.abc import Sequence

import pytest

from benchmarks.engine_delay import ENOUGH_FOR_P95, GATE, RULE, SCRIPT, STARTS, Delay, report
from components.llm.engines import ENGINES


def delays(rounds: int, **seconds: Sequence[float]) -> list[Delay]:
    """The same for every engine; *gate*, *rule* and *script* as long as there are rounds."""
    judges = {GATE: seconds["gate"], RULE: seconds["rule"], SCRIPT: seconds["script"]}
    return [Delay(engine, judge, each[n]) for n in range(rounds) for engine in STARTS for judge, each in judges.items()]


def test_every_engine_we_run_has_its_start_up() -> None:
    assert ENGINES.keys() <= STARTS.keys()


def test_a_judge_that_was_never_early_is_compared_with_the_gate_by_medians() -> None:
    shown = report(delays(3, gate=[0.1, 0.2, 0.9], rule=[1.0, 2.0, 3.0], script=[0.5, 0.6, 0.7]))

    assert shown[1].split() == ["ollama", "gate", "0.20", "s", "-", "0.90", "s", "never"]
    assert shown[2].split()[-1] == "10.0"


def test_a_verdict_before_the_engine_could_serve_is_no_delay_but_too_early() -> None:
    shown = report(delays(2, gate=[0.1, 0.1], rule=[1.0, 1.0], script=[-2.0, 0.5]))

    assert shown[3].endswith("1 of 2, by 2.00 s (median)")


@pytest.mark.parametrize(("rounds", "ending"), [(ENOUGH_FOR_P95 - 1, "which wants 20"), (ENOUGH_FOR_P95, "20 rounds")])
def test_a_p95_is_told_only_from_enough_rounds(rounds: int, ending: str) -> None:
    many = [0.1] * rounds

    assert report(delays(rounds, gate=many, rule=many, script=many))[-1].endswith(ending)

"""The design's "Must catch" list and the reliability study's LLM rows: one row each, caught with its own message."""

import pytest

from components.llm.failure import NotReady
from components.llm.readiness import Budget, probe_once
from tests.fixtures.gate_cases import LLM_ROWS, MUST_CATCH, Caught, Passes
from tests.fixtures.gate_cases.caught import CAUGHT
from tests.fixtures.gate_cases.passing import PASSES
from tests.fixtures.scripted_llm import ScriptedLlm, stream
from tests.fixtures.waiting import TOKEN, Waiting, target_of, verdicts


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CAUGHT])
def test_what_is_not_ready_is_caught_with_its_own_message(
    waiting: Waiting, case: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in case.environment.items():
        monkeypatch.setenv(name, value)
    with case.server(waiting.clock) as llm, pytest.raises(NotReady) as caught:
        waiting.until_ready(llm, budget=Budget(**case.budget), **case.target)

    told = str(caught.value)
    assert case.failure_class == caught.value.failure_class
    assert case.told in told
    assert case.next_step in told.splitlines()[-1]
    assert told.startswith(f"{llm.base_url} is not ready for ")
    assert TOKEN not in told


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in PASSES])
def test_what_is_odd_but_ready_passes(waiting: Waiting, case: Passes) -> None:
    with case.server(waiting.clock) as llm:
        judged = verdicts(waiting.until_ready(llm, budget=Budget(**case.budget), **case.target))

    assert "fail" not in judged.values()
    assert case.verdicts.items() <= judged.items()
    assert waiting.clock() >= case.waited_s


def test_l13_an_endpoint_that_dies_after_the_gate_is_seen_at_the_next_look(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm:
        waiting.until_ready(llm)

    assert "connection refused" == probe_once(target_of(llm)).reason


def test_every_line_of_both_lists_has_a_row() -> None:
    tried = {line for case in (*CAUGHT, *PASSES) for line in case.lines}

    assert {*MUST_CATCH, *LLM_ROWS} == tried | {"L13"}


def test_no_two_faults_share_their_message() -> None:
    """Where rows do, they are the same fault in another guise."""
    shared: dict[str, set[str]] = {}
    for case in CAUGHT:
        shared.setdefault(case.told, set()).update(case.lines)

    assert {
        "C9: an error inside the stream: CUDA error: device lost": {
            "`[DONE]` after an error event",
            "HTTP 200 with an error event",
            "L7",
        }
    } == {told: lines for told, lines in shared.items() if len(lines & set(MUST_CATCH)) > 1}

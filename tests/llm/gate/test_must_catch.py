"""The design's "Must catch" list and the reliability study's LLM rows: one row each, caught with its own message."""

import pytest

from components.llm.gate.failure import NotReady
from components.llm.gate.readiness import Budget, probe_once
from tests.fixtures.gate_cases import LLM_ROWS, MUST_CATCH, Caught, Passes
from tests.fixtures.gate_cases.caught import CAUGHT
from tests.fixtures.gate_cases.passing import PASSES
from tests.fixtures.scripted_llm import ScriptedLlm, stream
from tests.fixtures.waiting import TOKEN, Waiting, target_of, verdicts

_ERROR_EVENTS = {"`[DONE]` after an error event", "HTTP 200 with an error event"}


def _one_fault(case: Caught, other: Caught) -> bool:
    """Only such may share a message: rows for one line, and an error event with and without its `[DONE]`."""
    return bool({*case.lines} & {*other.lines}) or all({*row.lines} & _ERROR_EVENTS for row in (case, other))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CAUGHT])
def test_what_is_not_ready_is_caught_with_a_message_of_its_own(
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
    assert [other.id for other in CAUGHT if other.told in told and not _one_fault(case, other)] == []


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

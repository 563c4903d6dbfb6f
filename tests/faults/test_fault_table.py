"""Every fault of the table at every call, for every kind: the documented outcome, one clear text, nothing lost."""

import pytest

from tests.fixtures.all_kinds import KINDS
from tests.fixtures.fault_kinds import ObjectKind
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.fault_table import ELSEWHERE, Row, rows
from tests.fixtures.fault_trial import Bench, flaws
from tests.fixtures.sandbox_server import SandboxServer
from tests.fixtures.trial_report import TrialReport

# About seven hundred cases; `make test` runs them, `make check` the tests of the single rules in tests/agent.
pytestmark = pytest.mark.contract
SHORT_LIMIT_S = 0.4
CASES = [
    pytest.param(kind, row, id=f"{kind.name}-{row.at}-{row.fault}")
    for kind in KINDS
    for row in rows()
    if kind.makes(row.at)
]


@pytest.mark.parametrize(("kind", "row"), CASES)
def test_a_fault_ends_as_documented_and_leaves_exactly_one_object(
    kind: ObjectKind,
    row: Row,
    sandbox: SandboxServer,
    proxy: FaultProxy,
    trials: TrialReport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if row.hangs:
        monkeypatch.setattr("components.trugen.http.TRY_LIMIT_S", SHORT_LIMIT_S)

    trial = Bench(kind, sandbox, proxy).tried(row.at, row.fault, [row.rule(kind.where)])
    trials.trials.append(trial)

    assert (trial.lost, trial.duplicated, trial.reruns, trial.left_to_do) == (0, 0, 1, ()), trial.said
    assert trial.outcome == kind.otherwise.get((row.at, row.fault), row.outcome), trial.said
    assert row.says in trial.said or (row.at, row.fault) in kind.otherwise
    assert trial.said == "" or flaws(trial.said, kind.secrets) == [], trial.said
    assert [asked.path for asked in proxy.asked if ELSEWHERE in asked.path] == []

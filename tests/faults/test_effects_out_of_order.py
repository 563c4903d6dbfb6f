"""Faults that come together, and effects that come later than their answer: nothing lost, nothing made twice."""

import threading

import pytest

from tests.fixtures import fault_acts as acts
from tests.fixtures.all_kinds import KINDS
from tests.fixtures.fault_kinds import ObjectKind
from tests.fixtures.fault_proxy import FaultProxy, Rule
from tests.fixtures.fault_table import ALWAYS
from tests.fixtures.fault_trial import Bench, flaws
from tests.fixtures.one_resource import FORESEEN
from tests.fixtures.sandbox_server import SandboxServer
from tests.fixtures.trial_report import Trial, TrialReport

TABLE = "faults out of order"
SHORT_LIMIT_S = 0.4

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture
def bench(kind: ObjectKind, sandbox: SandboxServer, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("components.trugen.http.TRY_LIMIT_S", SHORT_LIMIT_S)
    return Bench(kind, sandbox, proxy)


def assert_exactly_one(trial: Trial, trials: TrialReport, kind: ObjectKind) -> None:
    trials.trials.append(trial)
    assert (trial.lost, trial.duplicated, trial.left_to_do) == (0, 0, ()), trial.said
    assert trial.said == "" or flaws(trial.said, kind.secrets) == [], trial.said


@pytest.mark.parametrize("when", ["before the second POST", "before it is read back", "before the search for twins"])
def test_a_post_that_takes_effect_after_its_client_gave_up_leaves_one_object(
    when: str, bench: Bench, kind: ObjectKind, trials: TrialReport
) -> None:
    hold, done = acts.Hold(), threading.Event()
    lets_go = acts.lets_go(hold, done)
    at = {
        "before the second POST": Rule("POST", lets_go, kind.collection),
        "before it is read back": Rule("GET", lets_go, kind.item, after="POST"),
        # Searches of the first eight kinds come after the first POST, for two texts at four times.
        "before the search for twins": Rule("GET", lets_go, kind.collection, after="POST", skip=8),
    }
    late = Rule("POST", acts.late(hold, done), kind.collection)

    trial = bench.tried("POST", f"takes effect {when}", [late, at[when]], table=TABLE)

    assert_exactly_one(trial, trials, kind)


def test_a_search_that_lags_for_a_while_after_a_lost_answer_makes_no_second_object(
    bench: Bench, kind: ObjectKind, trials: TrialReport
) -> None:
    lost = Rule("POST", acts.reset_after, kind.collection)
    lags = Rule("GET", acts.Lagging(set()), kind.collection, times=3, after="POST")

    trial = bench.tried("POST", "lost answer, the search lags for three looks", [lost, lags], table=TABLE)

    assert_exactly_one(trial, trials, kind)


def test_a_post_that_takes_effect_when_the_run_is_over_leaves_one_object(
    bench: Bench, kind: ObjectKind, trials: TrialReport
) -> None:
    hold, done = acts.Hold(), threading.Event()

    def finish() -> None:
        hold.release()
        assert done.wait(5)

    late = Rule("POST", acts.late(hold, done), kind.collection)

    trial = bench.tried("POST", "takes effect when the run is over", [late], table=TABLE, then=finish)

    assert_exactly_one(trial, trials, kind)


def test_a_search_that_lags_for_the_whole_run_after_a_lost_answer_leaves_one_object(
    bench: Bench, kind: ObjectKind, trials: TrialReport
) -> None:
    """Takes two runs more: the first finds the older twin and cannot change the id that is recorded."""
    lost = Rule("POST", acts.reset_after, kind.collection)
    lags = Rule("GET", acts.Lagging(set()), kind.collection, times=ALWAYS)

    trial = bench.tried("POST", "lost answer, the search lags for the whole run", [lost, lags], table=TABLE)

    assert_exactly_one(trial, trials, kind)


def test_an_object_that_neither_read_nor_list_shows_for_a_while_is_not_made_again(
    bench: Bench, kind: ObjectKind, trials: TrialReport
) -> None:
    if "read" in kind.without:
        pytest.skip("this kind's refresh is tried by another")
    rules = [
        Rule("GET", acts.not_found, kind.item, times=ALWAYS),
        Rule("GET", acts.Lagging(set()), kind.collection, times=ALWAYS),
    ]

    trial = bench.tried("read", "404, and the list does not show it", rules, table=TABLE)

    assert_exactly_one(trial, trials, kind)


def test_a_delete_that_a_lagging_replica_answers_with_404_leaves_nothing(
    bench: Bench, kind: ObjectKind, trials: TrialReport
) -> None:
    if "DELETE" in kind.without:
        pytest.skip("this kind's delete is tried by another")
    lags = Rule("DELETE", acts.not_found, kind.item)

    trial = bench.tried("DELETE", "404 although it is there", [lags], table=TABLE)

    assert_exactly_one(trial, trials, kind)


def test_everything_fails_and_then_nothing_does(bench: Bench, kind: ObjectKind, trials: TrialReport) -> None:
    rules = [Rule(verb, acts.reset_before, times=ALWAYS) for verb in ("GET", "POST", "PUT", "DELETE")]

    trial = bench.tried("search", "every call is reset", rules, table=TABLE)

    assert_exactly_one(trial, trials, kind)
    assert trial.outcome == "fails"


def test_two_objects_of_ours_stop_the_run_and_none_is_touched(
    bench: Bench, kind: ObjectKind, sandbox: SandboxServer
) -> None:
    both = [kind.add(sandbox, kind.body()) for _ in range(2)]

    with pytest.raises(FORESEEN, match=".*".join(sorted(both))):
        bench.resource.up()

    assert kind.ours(sandbox) == both

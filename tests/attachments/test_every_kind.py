"""What holds for every kind of attachment, against the sandbox, which shares no model with the client."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from components.lifecycle import drift
from components.lifecycle.errors import EditedError, NameTakenError
from components.lifecycle.verbs import diff
from tests.attachments.conftest import LifecycleOf, Runs
from tests.fixtures.attachment_inputs import MARKER, Case
from tests.fixtures.contract import write_schema
from tests.fixtures.sandbox_server import SandboxServer

Listed = Callable[[], list[dict[str, Any]]]


def edited(sandbox: SandboxServer, case: Case, id_: str) -> None:
    """Somebody changes one member in the console."""
    _, path, value = case.member
    if case.kind.calls.readable:
        document = sandbox.call("GET", f"{case.kind.calls.path}/{id_}").json()
    else:
        document = next(one for one in sandbox.call("GET", case.path).json() if one["id"] == id_)
    if case.kind.calls.wrapped_in:
        document = document[case.kind.calls.wrapped_in]
    *parents, last = path.split(".")
    place = document
    for step in parents:
        place = place[step]
    place[last] = value
    sent = {key: one for key, one in document.items() if key not in {"id", "created_at", "updated_at", "no_of_rec"}}
    sandbox.call("PUT", f"{case.kind.calls.path}/{id_}", sent).raise_for_status()


def test_what_was_declared_is_verified_reads_back_unchanged_and_needs_no_update(runs: Runs, case: Case) -> None:
    inputs = case.inputs()

    id_, outs = runs.create(inputs)

    assert (outs, runs.read(id_, outs), diff(case.kind, id_, outs, inputs).changed) == (
        case.kind.outputs(inputs),
        case.kind.outputs(inputs),
        [],
    )


def test_check_takes_what_a_program_sends(case: Case) -> None:
    inputs = case.inputs()

    assert case.kind.check(inputs, public=True) == (inputs, [])


def test_the_marker_stands_at_the_end_of_the_label_and_nowhere_else(runs: Runs, case: Case, listed: Listed) -> None:
    inputs = case.inputs()

    runs.create(inputs)

    (document,) = listed()
    assert f"{inputs[case.kind.label]} [{MARKER}]" in str(document)
    assert str(document).count(MARKER) == (1 if case.kind.noun != "guardrail" else 2)  # its key is made of the name


def test_another_run_after_a_lost_state_takes_over_what_is_there(
    lifecycle_of: LifecycleOf, case: Case, listed: Listed
) -> None:
    first, _ = lifecycle_of(case.kind).create(case.inputs())

    second, outs = lifecycle_of(case.kind).create(case.inputs())

    assert (second, outs["status"], len(listed())) == (first, "verified", 1)


def test_what_was_deleted_a_moment_ago_is_not_taken_over(lifecycle_of: LifecycleOf, case: Case, listed: Listed) -> None:
    """A list that one process shares for some seconds still shows it."""
    process = lifecycle_of(case.kind)
    first, _ = process.create(case.inputs())
    lifecycle_of(case.kind).delete(first)

    second, outs = process.create(case.inputs())

    assert (outs["status"], [one["id"] for one in listed()]) == ("verified", [second])


def test_another_marker_makes_another_object(lifecycle_of: LifecycleOf, case: Case, listed: Listed) -> None:
    lifecycle_of(case.kind).create(case.inputs())

    lifecycle_of(case.kind).create(case.inputs(marker="another2"))

    assert len(listed()) == 2


def test_two_objects_with_our_marker_stop_the_run_and_name_both(lifecycle_of: LifecycleOf, case: Case) -> None:
    id_, _ = lifecycle_of(case.kind).create(case.inputs())
    twin, _ = lifecycle_of(case.kind).create(case.inputs(marker="another2"))
    lifecycle_of(case.kind).update(twin, case.kind.outputs(case.inputs(marker="another2")), case.inputs())

    with pytest.raises(NameTakenError, match=f"{id_}.*{twin}|{twin}.*{id_}"):
        lifecycle_of(case.kind).create(case.inputs())


def test_an_edit_elsewhere_shows_in_a_read_and_an_update_undoes_it(
    runs: Runs, case: Case, sandbox: SandboxServer
) -> None:
    inputs = case.inputs()
    id_, outs = runs.create(inputs)
    edited(sandbox, case, id_)

    drifted = runs.read(id_, outs)
    assert drifted is not None
    changed = diff(case.kind, id_, drifted, inputs).changed
    healed = runs.update(id_, drifted, inputs)

    assert (changed, healed) == ([case.member[0]], case.kind.outputs(inputs))
    assert runs.read(id_, healed) == healed


def test_an_edit_that_is_to_be_kept_is_no_change(runs: Runs, case: Case, sandbox: SandboxServer) -> None:
    inputs = case.inputs(on_drift="keep")
    id_, outs = runs.create(inputs)
    edited(sandbox, case, id_)

    read = runs.read(id_, outs)

    assert read is not None
    assert diff(case.kind, id_, read, inputs).changed == []


def test_an_edit_that_must_not_be_stops_the_plan_and_an_update(runs: Runs, case: Case, sandbox: SandboxServer) -> None:
    inputs = case.inputs(on_drift="fail")
    id_, outs = runs.create(inputs)
    edited(sandbox, case, id_)

    read = runs.read(id_, outs)

    assert read is not None
    assert drift.refused(case.kind, read, inputs) == [case.member[0]]
    with pytest.raises(EditedError, match=rf"was edited outside of this stack \({case.member[0]}\)"):
        runs.update(id_, outs, inputs)


def test_a_deleted_one_is_gone_and_deleting_it_again_is_done(runs: Runs, case: Case, listed: Listed) -> None:
    id_, outs = runs.create(case.inputs())

    runs.delete(id_)
    runs.delete(id_)

    assert (listed(), runs.read(id_, outs)) == ([], None)


def test_an_object_made_by_hand_is_adopted_by_its_id(lifecycle_of: LifecycleOf, case: Case, listed: Listed) -> None:
    by_hand, _ = lifecycle_of(case.kind).create(case.inputs(marker="handmade"))

    id_, outs = lifecycle_of(case.kind).create(case.inputs(adopt_id=by_hand))

    assert (id_, outs["status"], len(listed())) == (by_hand, "verified", 1)
    assert MARKER in str(listed())


def test_the_adoption_of_what_is_as_declared_changes_nothing(
    lifecycle_of: LifecycleOf, case: Case, listed: Listed
) -> None:
    by_hand, _ = lifecycle_of(case.kind).create(case.inputs(exact_name=True))
    before = listed()
    inputs = case.inputs(exact_name=True, adopt_id=by_hand)

    assert lifecycle_of(case.kind).adoption(inputs) == []
    id_, _ = lifecycle_of(case.kind).create(inputs)

    assert (id_, listed()) == (by_hand, before)


def test_an_exact_name_is_sent_untouched_and_found_again(lifecycle_of: LifecycleOf, case: Case, listed: Listed) -> None:
    first, _ = lifecycle_of(case.kind).create(case.inputs(exact_name=True))

    second, _ = lifecycle_of(case.kind).create(case.inputs(exact_name=True))

    assert (second, "[" in str(listed()[0].get(case.kind.label))) == (first, False)


def test_a_foreign_object_of_the_same_exact_name_is_left_alone(
    lifecycle_of: LifecycleOf, case: Case, listed: Listed
) -> None:
    key, _, value = case.member
    foreign, _ = lifecycle_of(case.kind).create(case.inputs(exact_name=True, **{key: value}))
    before = listed()

    with pytest.raises(NameTakenError, match=rf"is not what this stack declares \({foreign}\).*\n.*`adoptId: <id>`"):
        lifecycle_of(case.kind).create(case.inputs(exact_name=True))

    assert listed() == before


def test_the_body_satisfies_the_contract(case: Case) -> None:
    jsonschema.validate(case.kind.body(case.inputs()), write_schema(case.kind.noun))


def test_what_others_keep_in_an_object_survives_our_update(case: Case) -> None:
    """Members unknown to us come back in a PUT, where the API takes them."""
    remote = {"id": "a1", "future_member": {"x": 1}, **case.kind.body(case.inputs())}

    assert case.kind.replacement(remote, {}, case.inputs())["future_member"] == {"x": 1}

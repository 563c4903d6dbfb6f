"""What is read out of an event log and a plan file; their shapes are those of Pulumi 3.259 (see test_pipelines.py)."""

from typing import Any

import pytest

from components.cli.plan import Resource, Said, Step, drifted, planned

URN = "urn:pulumi:dev::trugen-llm::pulumi-python:dynamic/trugen:Agent::ada"
STACK = "urn:pulumi:dev::trugen-llm::pulumi:pulumi:Stack::trugen-llm-dev"


def step(op: str, urn: str = URN) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn}}}


def read(op: str, old: Any, new: Any, urn: str = URN) -> dict[str, Any]:
    kind = Resource(urn).type
    states = {"old": {"inputs": old, "outputs": old}, "new": new and {"inputs": new, "outputs": new}}
    return {"resOutputsEvent": {"metadata": {"op": op, "urn": urn, "type": kind, **states}}}


def saved(**difference: Any) -> dict[str, Any]:
    return {"resourcePlans": {URN: {"goal": {"inputDiff": difference}}}}


@pytest.mark.parametrize(
    ("urn", "kind", "name"),
    [
        (URN, "trugen:Agent", "ada"),
        ("urn:pulumi:s::p::a:b:C$docker:index/container:Container::main-a", "docker:Container", "main-a"),
        ("urn:pulumi:s::p::trugen-llm:index:Gateway::main", "trugen-llm:Gateway", "main"),
        ("urn:pulumi:s::p::pulumi:providers:docker::x", "pulumi:docker", "x"),
        ("urn:pulumi:s::p::a:b:C::a name::with colons", "a:C", "a name::with colons"),
    ],
)
def test_an_object_is_named_by_what_it_is_and_its_name(urn: str, kind: str, name: str) -> None:
    assert (Resource(urn).kind, Resource(urn).name) == (kind, name)


def test_a_changed_input_is_named_and_its_value_is_not_kept() -> None:
    difference = saved(updates={"persona_prompt": "CANARY"}, adds={"record": "CANARY"}, deletes=["stt"])

    plan = planned([step("update")], difference)

    assert plan.steps == (Step("update", Resource(URN), ("persona_prompt", "record", "stt")),)
    assert "CANARY" not in repr(plan)


def test_what_only_we_keep_beside_the_inputs_is_no_change_to_a_reader() -> None:
    difference = saved(updates={"__provider": "a", "progress_urn": "b"}, deletes=["drift"])

    assert planned([step("update")], difference).steps[0].changed == ()


def test_looking_is_no_step_and_neither_is_the_stack_itself() -> None:
    events = [step("refresh"), step("same"), step("create", STACK)]

    assert planned(events, {}).steps == ()


def test_a_replacement_is_one_step_however_many_it_takes() -> None:
    events = [step("create-replacement"), step("replace"), step("delete-replaced")]

    assert [one.op for one in planned(events, {}).steps] == ["delete-replaced"]


def test_an_edit_of_a_secret_is_named_although_its_values_look_the_same() -> None:
    hidden = {"prompt": "[secret]", "record": False}
    shown = {"prompt": "[secret]", "record": True, "drift": {"prompt": "a digest", "record": "another"}}

    assert drifted([read("update", hidden, shown)]).steps == (Step("update", Resource(URN), ("prompt", "record")),)


def test_a_provider_that_says_what_differs_is_believed() -> None:
    container = read("update", {"mustRun": True, "dns": None}, {"mustRun": False, "dns": []})
    container["resOutputsEvent"]["metadata"]["diffs"] = ["mustRun"]

    assert drifted([container]).steps[0].changed == ("mustRun",)


def test_an_object_that_is_gone_has_drifted() -> None:
    assert drifted([read("delete", {"record": False}, None)]).steps == (Step("delete", Resource(URN)),)


def test_an_update_that_changes_nothing_is_no_drift() -> None:
    unchanged = read("update", {"record": False}, {"record": False})
    refreshed = read("update", {"a": 1}, {"a": 2}, STACK)

    assert drifted([unchanged, refreshed]).steps == ()


def test_errors_warnings_and_notes_are_told_and_progress_is_not() -> None:
    told = {"severity": "info", "message": "was edited elsewhere: record\n", "urn": URN}
    progress = {"severity": "info", "message": "pulling 3 of 9 MB", "urn": URN, "ephemeral": True}
    debug = {"severity": "debug", "message": "registering"}
    stderr = {"severity": "info#err", "message": "whatever a program prints"}

    said = planned([{"diagnosticEvent": one} for one in (told, progress, debug, stderr)], {}).said

    assert said == (Said("info", "was edited elsewhere: record", Resource(URN)),)


@pytest.mark.parametrize(("level", "severity"), [("mandatory", "error"), ("advisory", "warning")])
def test_a_violated_policy_is_an_error_only_when_it_is_mandatory(level: str, severity: str) -> None:
    event = {"resourceUrn": URN, "policyName": "no-http", "enforcementLevel": level, "message": "say https\n"}

    assert planned([{"policyEvent": event}], {}).said == (Said(severity, "policy no-http: say https", Resource(URN)),)

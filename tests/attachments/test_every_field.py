"""Each input of each kind: sent, shown, set and taken back, with the sandbox as the judge."""

from typing import Any

import jsonschema
import pytest

from tests.attachments.conftest import LifecycleOf, Runs
from tests.fixtures.attachment_inputs import ATTACHMENTS, Case
from tests.fixtures.contract import write_schema
from tests.fixtures.sandbox_server import SandboxServer

# For each kind every input that its defaults leave alone, with a value that the contract allows.
FIELDS: dict[str, dict[str, Any]] = {
    "knowledge base": {"name": "Käse", "description": "Other.", "is_active": False},
    "tool": {
        "name": "other_name",
        "description": "Use it for something else.",
        "type": "tool.client",
        "parameters": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "enum": [1, 2.5]}}},
        "method": "DELETE",
        "url": "https://ops.example.org/{service}",
        "headers": {"Accept": "application/json"},
        "event_messages": {
            "onStart": {"message": "One moment."},
            "onSuccess": {"message": "Done."},
            "onError": {"message": "Sorry."},
            "onDelay": {"delay": 3, "message": "Still at it."},
        },
    },
    "MCP server": {
        "name": "other",
        "description": "Other.",
        "type": "shttp/sse",
        "url": "https://mcp.example.org/mcp",
        "headers": {"Accept": "application/json"},
    },
    "guardrail": {
        "name": "Other",
        "prompt": "Trigger on other things.",
        "category": "Brand",
        "response_message": "Let us talk of something else.",
        "callback_url": "https://other.example.org/",
    },
    "template": {
        "template_name": "Other",
        "template_system_prompt": "Be brief.",
        "conversational_context": "The caller waits.",
        "timeout_s": 90,
        "record": True,
        "is_active": False,
        "callback_url": "https://other.example.org/",
        "callback_events": ["call_ended", "participant_left"],
        "knowledge_base": ["kb-2", "kb-1"],
        "guardrail": ["g-1"],
    },
}
ROWS = [(noun, key) for noun, fields in FIELDS.items() for key in fields]
NOT_ON_THE_WIRE = {"exact_name", "on_name_conflict", "adopt_id", "on_drift", "marker", "progress_urn", "schema_type"}


def changed(noun: str, key: str) -> dict[str, Any]:
    value = FIELDS[noun][key]
    alone = {"url": "", "headers": {}} if value == "tool.client" else {}
    return {key: value, **alone}


@pytest.mark.parametrize(("noun", "key"), ROWS)
def test_a_field_is_set_by_an_update_and_taken_back_by_the_next(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, noun: str, key: str
) -> None:
    case = ATTACHMENTS[noun]
    runs = Runs(lambda: lifecycle_of(case.kind))
    id_, outs = runs.create(case.inputs())
    before = without_stamps(sandbox, case)

    outs = runs.update(id_, outs, case.inputs(**changed(noun, key)))
    assert (outs["status_reason"], without_stamps(sandbox, case) != before) == ("", True)
    outs = runs.update(id_, outs, case.inputs())

    assert (outs, without_stamps(sandbox, case)) == (case.kind.outputs(case.inputs()), before)


@pytest.mark.parametrize("noun", FIELDS)
def test_every_field_at_once_survives_a_create_and_a_read(lifecycle_of: LifecycleOf, noun: str) -> None:
    case = ATTACHMENTS[noun]
    inputs = case.inputs(**{**FIELDS[noun], **({"type": "tool.api"} if noun == "tool" else {})})
    runs = Runs(lambda: lifecycle_of(case.kind))

    id_, outs = runs.create(inputs)

    assert (outs, runs.read(id_, outs)) == (case.kind.outputs(inputs), case.kind.outputs(inputs))
    jsonschema.validate(case.kind.body(inputs), write_schema(noun))


@pytest.mark.parametrize("noun", FIELDS)
def test_the_table_names_every_field_there_is(noun: str) -> None:
    contents = {"documents"}  # test_documents.py

    assert ATTACHMENTS[noun].kind.inputs - NOT_ON_THE_WIRE - contents == FIELDS[noun].keys()


@pytest.mark.parametrize(
    ("noun", "edit"),
    [
        ("tool", {"schema": {"parameters": {"properties": {"extra": {"type": "string"}}}}}),
        ("tool", {"request_config": {"headers": {"X-Extra": "1"}}}),
        ("MCP server", {"request_config": {"headers": {"X-Extra": "1"}}}),
    ],
)
def test_a_parameter_or_header_that_somebody_added_is_drift_and_goes(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, noun: str, edit: dict[str, Any]
) -> None:
    """What a model may call, and what is sent along, is what was declared: nothing else."""
    case = ATTACHMENTS[noun]
    runs = Runs(lambda: lifecycle_of(case.kind))
    id_, outs = runs.create(case.inputs())
    before = without_stamps(sandbox, case)
    document = sandbox.call("GET", f"{case.kind.calls.path}/{id_}").json()
    sandbox.call("PUT", f"{case.kind.calls.path}/{id_}", merged(document, edit)).raise_for_status()

    read = runs.read(id_, outs)
    assert read is not None
    assert read != outs
    runs.update(id_, read, case.inputs())

    assert without_stamps(sandbox, case) == before


def merged(document: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: merged(document[key], one) if isinstance(one, dict) else one
        for key, one in edit.items()
        if key in document
    }
    return {**document, **edit, **both}


def without_stamps(sandbox: SandboxServer, case: Case) -> list[dict[str, Any]]:
    listed = sandbox.call("GET", case.path).json()
    return [{key: one for key, one in document.items() if key != "updated_at"} for document in listed]

from typing import Any

import pytest

from components.agent.kind import AGENT
from components.agent.lifecycle import diff
from components.lifecycle.values import UNKNOWN
from tests.fixtures.agent_inputs import agent_inputs

PROVIDER = "gASVLg=="


def recorded(**declared: Any) -> dict[str, Any]:
    """Outputs of an agent as the engine hands them back: numbers as floats."""
    state = AGENT.outputs(agent_inputs(**declared))
    return {**state, "timeout_s": float(state["timeout_s"]), "__provider": PROVIDER}


def changes(olds: dict[str, Any], **declared: Any) -> list[str]:
    return diff("a1", olds, {**agent_inputs(**declared), "__provider": PROVIDER}).changed


def test_the_same_inputs_are_no_change() -> None:
    assert changes(recorded()) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"tool": ["t1", "t2"]}, {"tool": ["t2", "t1"]}),
        ({"callback_events": ["a", "b"]}, {"callback_events": ["b", "a"]}),
        ({"persona_prompt": "He\u0301llo"}, {"persona_prompt": "Héllo"}),
        ({"persona_prompt": "Hello\n"}, {"persona_prompt": "Hello"}),
        ({"tts": {"stability": 1.0}}, {"tts": {"stability": 1}}),
        ({"progress_urn": "urn:1"}, {"progress_urn": "urn:2"}),
        ({"on_name_conflict": "fail"}, {"on_name_conflict": "adopt"}),
    ],
    ids=["attachment order", "event order", "unicode form", "last line end", "float", "progress row", "name policy"],
)
def test_another_spelling_of_the_same_is_no_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert changes(recorded(**before), **after) == []


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({}, {"persona_prompt": "Other."}, ["agent_system_prompt", "persona_prompt"]),
        ({}, {"llm_url": "http://127.0.0.1:11435/v1"}, ["llm_url"]),
        ({}, {"llm_token": "another-token"}, ["llm_token"]),
        ({}, {"timeout_s": 300}, ["timeout_s"]),
        ({"tool": ["t1"]}, {}, ["tool"]),
        ({"email": "a@example.org"}, {}, ["email"]),
        ({}, {"email": "a@example.org"}, ["email"]),
        ({"stt": {"language": "de"}}, {}, ["stt"]),
        ({}, {"record": True}, ["record"]),
        ({}, {"marker": "zzzzzzzz"}, ["marker"]),
        ({}, {"placement": "flat"}, ["placement"]),
    ],
    ids=",".join,
)
def test_what_was_edited_added_or_removed_is_named(
    before: dict[str, Any], after: dict[str, Any], changed: list[str]
) -> None:
    assert changes(recorded(**before), **after) == changed


@pytest.mark.parametrize("key", ["llm_url", "llm_model", "llm_token", "adopt_agent_id"])
def test_an_unknown_value_changes_but_never_replaces(key: str) -> None:
    difference = diff("a1", recorded(), {**agent_inputs(), key: UNKNOWN, "__provider": PROVIDER})

    assert (difference.changed, difference.replaces) == ([key] if key != "adopt_agent_id" else [], [])


def test_an_unverified_agent_is_a_change() -> None:
    assert changes({**recorded(), "status": "unverified"}) == ["status"]


def test_a_moved_provider_is_a_change() -> None:
    assert changes({**recorded(), "__provider": "gASVAA=="}) == ["__provider"]


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [
        (None, "a1", []),
        ("a1", None, []),
        ("a1", "a1", []),
        (None, "a2", ["adopt_agent_id"]),
        ("a1", "a2", ["adopt_agent_id"]),
    ],
)
def test_only_the_adoption_of_another_agent_replaces(
    before: str | None, after: str | None, replaces: list[str]
) -> None:
    old = {"adopt_agent_id": before} if before else {}
    new = {"adopt_agent_id": after} if after else {}

    assert diff("a1", recorded(**old), {**agent_inputs(**new), "__provider": PROVIDER}).replaces == replaces

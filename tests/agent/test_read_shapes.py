"""What a read may look like: docs/contract, and the ways in which its sources disagree."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.agent.kind import AGENT
from tests.fixtures.agent_inputs import agent_inputs

Json = dict[str, Any]


def shown(**declared: Any) -> Json:
    """The document that came of *declared*, as a nested read shows it: without url and token."""
    document = {"id": "a1", **AGENT.body(agent_inputs(**declared))}
    for secret in ("url", "token"):
        del document["avatars"][0]["config"]["llm"][secret]
    return document


def flattened(document: Json) -> None:
    document["avatars"][0].update(document["avatars"][0].pop("config"))


def stray_default_block(document: Json) -> None:
    document["avatars"][0]["llm"] = {"provider": "azure-openai", "model": "gpt-5.4-mini"}


def nulls_for_nothing(document: Json) -> None:
    document.update(tool=None, mcp=None, callback_events=None, callback_url=None)


def server_fields(document: Json) -> None:
    document.update(created_at="x", updated_at="y", key="z", surprise={"a": 1})
    document["config"]["systemPrompt"] = "x"


def only_documented_aliases(document: Json) -> None:
    del document["config"]["timeout"], document["avatars"][0]["timeout"], document["avatars"][0]["exit_message"]


def expanded_and_reordered_attachments(document: Json) -> None:
    document["guardrail"] = [{"id": "g2", "name": "two", "prompt": "p", "key": "k"}, {"id": "g1", "name": "one"}]


def attachments_as_ids(document: Json) -> None:
    document["guardrail"] = ["g1", "g2"]


def floats_and_text_numbers(document: Json) -> None:
    document["config"].update(timeout=240.0, maxCallDuration="240")


def other_unicode_form(document: Json) -> None:
    document["avatars"][0]["persona_prompt"] = unicodedata.normalize("NFD", document["avatars"][0]["persona_prompt"])


def trimmed_text(document: Json) -> None:
    document["agent_system_prompt"] = document["agent_system_prompt"].rstrip()


def shown_url_and_masked_token(document: Json) -> None:
    document["avatars"][0]["config"]["llm"].update(url="http://127.0.0.1:11434/v1", token="****")


def null_url(document: Json) -> None:
    document["avatars"][0]["config"]["llm"].update(url=None, token=None)


EQUAL: list[Callable[[Json], None]] = [
    flattened,
    stray_default_block,
    nulls_for_nothing,
    server_fields,
    only_documented_aliases,
    expanded_and_reordered_attachments,
    attachments_as_ids,
    floats_and_text_numbers,
    other_unicode_form,
    trimmed_text,
    shown_url_and_masked_token,
    null_url,
]
DECLARED: Json = {"persona_prompt": "Héllo, you are the helpdesk.\n", "guardrail": ["g1", "g2"]}


@pytest.mark.parametrize("spell", EQUAL, ids=lambda spell: spell.__name__)
def test_another_spelling_of_the_same_agent_is_no_difference(spell: Callable[[Json], None]) -> None:
    document, inputs = shown(**DECLARED), agent_inputs(**DECLARED)
    spell(document)

    assert (AGENT.differences(document, inputs), AGENT.observed(document, inputs)) == ([], inputs)


def test_every_declared_value_that_differs_is_named_and_taken_over() -> None:
    inputs = agent_inputs(stt={"model": "nova-3"}, tool=["t1"], memory={"isEnabled": True})
    document = shown(stt={"model": "nova-2"}, tool=["t1", "t2"], memory={"isEnabled": False}, record=True)

    seen = AGENT.observed(document, inputs)

    assert (AGENT.differences(document, inputs), seen["stt"], seen["tool"], seen["memory"], seen["record"]) == (
        ["memory", "record", "stt", "tool"],
        {"provider": "deepgram", "model": "nova-2"},
        ["t1", "t2"],
        {"isEnabled": False},
        True,
    )


def test_one_of_four_copies_of_the_call_length_that_differs_is_a_difference() -> None:
    document = shown()
    document["config"]["maxCallDuration"] = 600

    assert (AGENT.differences(document, agent_inputs()), AGENT.observed(document, agent_inputs())["timeout_s"]) == (
        ["timeout_s"],
        600,
    )


def test_values_nobody_declared_are_nobodys_drift() -> None:
    document = shown()
    document.update(email="someone@example.org", widget={"color": "#000000"})

    assert AGENT.differences(document, agent_inputs()) == []


def test_a_platform_model_instead_of_ours_is_a_difference() -> None:
    document = shown()
    document["avatars"][0]["config"]["llm"] = {"provider": "azure-openai", "model": "gpt-5.4-mini"}

    assert AGENT.differences(document, agent_inputs()) == ["llm_model", "llm_provider"]


@pytest.mark.parametrize("avatars", [[], None, "none", [None], [{"config": None}]])
def test_an_agent_without_any_llm_is_never_verified(avatars: object) -> None:
    assert "llm_provider" in AGENT.differences({**shown(), "avatars": avatars}, agent_inputs())


@pytest.mark.parametrize(
    ("remote", "different", "name", "marker"),
    [
        ("Helpdesk [k3x9abcd]", [], "Helpdesk", "k3x9abcd"),
        ("Other [k3x9abcd]", ["agent_name"], "Other", "k3x9abcd"),
        ("Helpdesk", ["marker"], "Helpdesk", ""),
        ("Other [zzzzzzzz]", ["agent_name", "marker"], "Other [zzzzzzzz]", ""),
    ],
)
def test_a_rename_is_drift_and_so_is_a_lost_marker(remote: str, different: list[str], name: str, marker: str) -> None:
    document, inputs = {**shown(), "agent_name": remote}, agent_inputs()

    seen = AGENT.observed(document, inputs)

    assert (AGENT.differences(document, inputs), seen["agent_name"], seen["marker"]) == (different, name, marker)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["0", "config", "llm", "id"]), inner),
    max_leaves=8,
)


@given(st.sampled_from(["avatars", "config", "tool", "widget", "agent_name", "callback_events"]), JSON)
def test_no_answer_whatever_breaks_the_comparison(member: str, value: object) -> None:
    inputs = agent_inputs(widget={"color": "#000000"}, tool=["t1"])

    assert set(AGENT.differences({**shown(tool=["t1"]), member: value}, inputs)) <= inputs.keys()

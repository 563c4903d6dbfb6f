from typing import Any

import pytest
from pulumi.runtime import rpc
from pydantic import ValidationError

from components.agent.document import AgentDocument
from components.agent.lifecycle import check
from components.lifecycle.values import UNKNOWN
from tests.fixtures.agent_inputs import agent_inputs


def failures(*, sandbox: bool = True, **inputs: Any) -> dict[str, str]:
    _, found = check({**agent_inputs(), **inputs}, sandbox=sandbox)
    return {failure.property: failure.reason for failure in found}


def test_a_plain_agent_passes() -> None:
    assert failures() == {}


def test_unknown_values_pass() -> None:
    unknown: dict[str, Any] = {
        "llm_url": UNKNOWN,
        "llm_model": UNKNOWN,
        "llm_token": UNKNOWN,
        "tool": [UNKNOWN],
        "stt": UNKNOWN,
    }

    assert failures(sandbox=False, **unknown) == {}


def test_our_sign_for_unknown_is_pulumis() -> None:
    assert UNKNOWN == rpc.UNKNOWN


def test_the_url_goes_on_as_the_base_url() -> None:
    inputs, _ = check(agent_inputs(llm_url="https://llm.example.com/v1/chat/completions/"), sandbox=False)

    assert inputs["llm_url"] == "https://llm.example.com/v1"


def test_integers_that_arrive_as_floats_pass() -> None:
    assert failures(timeout_s=240.0) == {}


@pytest.mark.parametrize("name", ["A", "Ärztin Zoë", "漢字", "👩‍⚕️ nurse", "क्‍ष"])
def test_names_of_any_script_pass(name: str) -> None:
    assert failures(agent_name=name, persona_name=name) == {}


@pytest.mark.parametrize(
    ("property_", "value", "reason"),
    [
        ("agent_name", "", "is empty"),
        ("agent_name", " \t", "is empty"),
        ("agent_name", "x" * 201, "201 characters long; 200 are the limit"),
        ("agent_name", "a\nb", "U+000A"),
        ("agent_name", "a\0b", "U+0000"),
        ("agent_name", "a\x1b[31mb", "U+001B"),
        ("agent_name", "a\u202eb", "U+202E"),
        ("agent_name", "a\u200bb", "U+200B"),
        ("agent_name", "a\ud800b", "U+D800"),
        ("agent_name", "bot [k3x9abcd]", "kept for the marker"),
        ("persona_name", "", "is empty"),
        ("persona_prompt", " \n", "is empty; write what the agent is"),
        ("persona_prompt", "a\0b", "NUL"),
        ("persona_prompt", "a\ud800b", "half of a character"),
        ("persona_prompt", "x" * 1_000_001, "1000001 characters long"),
        ("timeout_s", 0, "greater than 0"),
        ("timeout_s", -1, "greater than 0"),
        ("timeout_s", 1.5, "valid integer"),
        ("timeout_s", 10**9, "less than or equal to 86400"),
        ("timeout_s", "5m", "valid integer"),
        ("llm_token", "", "is empty, too long"),
        ("llm_token", "a\r\nx-admin: 1", "a line end"),
        ("llm_token", "x" * 9000, "too long"),
        ("llm_model", "", "is empty"),
        ("llm_model", "--trust-remote-code", "starts with '-'"),
        ("llm_model", "a b", "holds a blank"),
        ("llm_provider", "", "is empty"),
        ("adopt_agent_id", "../x", "is no id of TruGen"),
        ("placement", "upside down", "'nested', 'flat' or 'both'"),
        ("prompt", "typo", "not permitted"),
        ("stt.provider", "", "is empty"),
        ("idle_timeout.timeout", 0, "greater than 0"),
        ("tts.stability", 2, "less than or equal to 1"),
        ("tts.stability", float("nan"), "finite"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_wrong_value_is_one_failure_of_its_property(property_: str, value: object, reason: str) -> None:
    top, _, member = property_.partition(".")

    wrong: dict[str, Any] = {top: {member: value} if member else value}
    found = failures(**wrong)

    assert len(found) == 1
    key, said = found.popitem()
    assert (key.partition(".")[0], reason in said) == (top, True)


def test_an_exact_name_may_hold_brackets_since_no_marker_follows_it() -> None:
    assert failures(exact_name=True, agent_name="[DE] Empfang [neu]") == {}


def test_the_exact_name_of_an_adopted_agent_stays_to_the_byte() -> None:
    inputs, _ = check(agent_inputs(exact_name=True, adopt_agent_id="ag-1", agent_name=" Ada "), sandbox=True)

    assert inputs["agent_name"] == " Ada "


def test_an_llm_outside_of_trugen_needs_url_and_token() -> None:
    found = failures(llm_url=None, llm_token=None)

    # The engine would print the URL beside its name, so that failure belongs to no property.
    assert found.keys() == {"", "llm_token"}
    assert all("is missing: an LLM outside of TruGen" in reason for reason in found.values())


def test_a_model_that_trugen_serves_itself_needs_neither_url_nor_token() -> None:
    assert failures(llm_provider="groq", llm_url=None, llm_token=None) == {}


def test_a_model_that_trugen_serves_itself_takes_neither_url_nor_token() -> None:
    found = failures(llm_provider="groq")

    assert found.keys() == {"", "llm_token"}
    assert all("TruGen serves the models of 'groq' itself" in reason for reason in found.values())


def test_while_the_provider_is_unknown_url_and_token_pass() -> None:
    assert failures(llm_provider=UNKNOWN) == {}
    assert failures(llm_provider=UNKNOWN, llm_url=None, llm_token=None) == {}


def test_all_wrong_values_are_told_at_once() -> None:
    assert failures(agent_name="", timeout_s=0, llm_model="").keys() == {"agent_name", "timeout_s", "llm_model"}


def test_the_same_rules_hold_for_the_document_in_a_stack_file() -> None:
    with pytest.raises(ValidationError, match="personaPrompt\n  Value error, is empty") as caught:
        AgentDocument.model_validate({"agentName": "canary\n", "personaPrompt": "", "timeoutS": -3})

    assert "canary" not in str(caught.value)

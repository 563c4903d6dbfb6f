"""
From an agent in TruGen to an entry of a stack file, and back: the body that the entry leads to changes nothing.

The agents are the sandbox's, which was written from the contract by other hands.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from components.agent.adopted import NotExpressibleError, adopted
from components.agent.kind import AGENT
from tests.fixtures.adopting import after_a_put, inputs_of, made, without_time
from tests.fixtures.hand_made import ATTACHABLE, HAND_MADE, TOKEN, TRICKY_PROMPT, agent, bodies
from tests.fixtures.sandbox_server import SandboxServer

Json = dict[str, Any]
GROQ = {"provider": "groq", "model": "openai/gpt-oss-120b"}


@pytest.fixture(scope="module", params=["nested", "flat"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(folder, placement=request.param, reveal_llm=True) as sandbox:
        yield sandbox


def entry_of(sandbox: SandboxServer, body: Json) -> Json:
    return adopted(made(sandbox, body)).entry


def test_hand_made_agents_come_out_of_a_put_as_they_went_in(sandbox: SandboxServer) -> None:
    wanted = bodies("https://llm.example.com/v1", ["m-1", "m-2"], dict.fromkeys(ATTACHABLE, "id-1"))
    agents = [made(sandbox, body) for body in wanted]

    after = [after_a_put(sandbox, one) for one in agents]

    assert len(wanted) == HAND_MADE
    assert [without_time(one) for one in agents] == [without_time(one) for one in after]


def test_nothing_differs_from_what_is_declared(sandbox: SandboxServer) -> None:
    wanted = bodies("https://llm.example.com/v1", ["m-1", "m-2"], dict.fromkeys(ATTACHABLE, "id-1"))
    agents = [made(sandbox, body) for body in wanted]

    assert [AGENT.differences(one, inputs_of(adopted(one))) for one in agents] == [[]] * HAND_MADE


def test_an_agent_made_with_trugens_defaults_declares_only_where_ours_are_others(sandbox: SandboxServer) -> None:
    entry = entry_of(sandbox, agent("Empfang", "You are."))

    del entry["adoptAgentId"]
    entry.pop("placement", None)
    assert entry == {
        "agentName": "Empfang",
        "exactName": True,
        "personaName": None,
        "personaPrompt": "You are.",
        "timeoutS": 300,
        "record": True,
        "stt": {"provider": "elevenlabs", "model": "scribe_v2_realtime"},
        "tts": {"voiceId": "FGY2WhTYpPnrIDTdsKH5"},
        "memory": {"isEnabled": True},
    }


def test_it_stands_where_the_agent_has_its_llm(sandbox: SandboxServer) -> None:
    before = made(sandbox, agent("Empfang"))

    assert adopted(before).entry.get("placement", "nested") == (
        "nested" if "config" in before["avatars"][0] else "flat"
    )


def test_what_differs_from_trugens_default_is_declared_in_our_words(sandbox: SandboxServer) -> None:
    avatar = {"welcome_message": {"messages": ["Hi"], "wait_time": 2}, "interpolation_config": {"exp": 3}}
    entry = entry_of(sandbox, agent("Empfang", avatar=avatar, config={"systemConfig": {"idleCalloutToggle2": False}}))

    assert entry["welcomeMessage"] == {"messages": ["Hi"], "waitS": 2}
    assert entry["toggles"] == {"idleCallout": False}
    assert entry["rendering"] == {"interpolationConfig": {"exp": 3}}


def test_a_prompt_is_kept_to_the_byte(sandbox: SandboxServer) -> None:
    assert entry_of(sandbox, agent("Empfang", TRICKY_PROMPT))["personaPrompt"] == TRICKY_PROMPT


def test_different_lengths_of_a_call_stay_as_they_are(sandbox: SandboxServer) -> None:
    found = adopted(made(sandbox, agent("Empfang", config={"timeout": 10, "maxCallDuration": 20})))

    assert (found.entry["timeoutS"], found.left["timeoutS"]) == (None, "TruGen holds 10, 20, 300, 300")


def test_what_may_hold_a_secret_stays_in_trugen(sandbox: SandboxServer) -> None:
    llm = {"provider": "custom", "model": "m", "url": "https://llm.example.com/v1", "token": TOKEN}
    secret: Json = {"callback_url": f"https://hooks.example.org/{TOKEN}", "add_on": [{"token": TOKEN}]}
    found = adopted(made(sandbox, agent("Empfang", llm=llm, flat=llm, **secret)))

    assert TOKEN not in repr(found)
    assert (found.entry["callbackUrl"], found.left["callbackUrl"]) == (None, "may hold a secret")


def test_what_no_field_of_ours_stands_for_is_named(sandbox: SandboxServer) -> None:
    found = adopted(made(sandbox, agent("Empfang", tools={"x": {"y": 1}}) | {"avatars": [{}, {}]}))

    assert dict(found.left) == {"tools": "", "avatars.1": ""}


def test_attachments_are_ids_and_their_names_are_known(sandbox: SandboxServer) -> None:
    guardrail = sandbox.call("POST", "/ext/guardrail", {"name": "No swearing", "prompt": "p"}).json()["id"]
    found = adopted(made(sandbox, agent("Empfang", guardrail=[{"id": guardrail}])))

    assert (found.entry["guardrail"], found.attached) == ([guardrail], {guardrail: "No swearing"})


def test_an_llm_is_told_by_provider_model_and_url_where_it_is_shown(sandbox: SandboxServer) -> None:
    custom = {"provider": "custom", "model": "m", "url": "https://llm.example.com/v1", "token": TOKEN}
    found = [adopted(made(sandbox, agent("Empfang", llm=llm, flat=llm))) for llm in (GROQ, custom)]

    assert [(one.provider, one.model, one.url) for one in found] == [
        ("groq", "openai/gpt-oss-120b", None),
        ("custom", "m", "https://llm.example.com/v1"),
    ]


# What the real TruGen may answer and the sandbox does not.


def document(**members: Any) -> Json:
    """The members that the documentation lists for a read, and no other."""
    avatar = {"avatar_key_id": "665a1170", "persona_name": "Ada", "persona_prompt": "You are.", "config": {"llm": GROQ}}
    return {"id": "ag-1", "agent_name": "Ada", "agent_system_prompt": "You are.", "avatars": [avatar], **members}


def test_what_trugen_does_not_show_is_left_alone() -> None:
    entry = adopted(document()).entry

    unshown = ("timeoutS", "isPublic", "type", "record", "stt", "tts", "memory", "defaultSystemPrompt")
    assert {name: entry[name] for name in unshown} == dict.fromkeys(unshown)


def test_a_length_that_is_shown_in_one_place_is_taken_for_all() -> None:
    assert adopted(document(config={"maxCallDuration": 600})).entry["timeoutS"] == 600


@pytest.mark.parametrize("value", [None, "", []])
def test_null_and_empty_are_the_default_of_none(value: Any) -> None:
    found = adopted(document(callback_url=value, tool=value, email=value, callback_events=value))

    assert {"callbackUrl", "tool", "email", "callbackEvents"} & found.entry.keys() == set()


def test_a_value_that_no_field_of_ours_can_have_stays_as_it_is() -> None:
    found = adopted(document(widget={"default_theme": "blue"}, config={"maxCallDuration": "600"}))

    assert found.left["widget"] == "Input should be 'dark' or 'light'"
    assert (found.entry["timeoutS"], "widget" in found.entry) == (None, False)


def test_copies_that_differ_stay_as_they_are() -> None:
    avatar = {**document()["avatars"][0], "conversational_context": "A"}
    found = adopted(document(avatars=[avatar], config={"conversationalContext": "B"}))

    assert found.left["conversationalContext"] == "TruGen holds copies that differ"
    assert "conversationalContext" not in found.entry


def test_a_name_in_another_normal_form_or_with_a_blank_stays_to_the_byte() -> None:
    assert adopted(document(agent_name=" Zoe\u0308 ")).entry["agentName"] == " Zoe\u0308 "


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"agent_name": "a\u200bb"}, "its name holds the control or invisible character"),
        ({"avatars": []}, "TruGen shows no avatar with an LLM"),
        ({"avatars": None}, "TruGen shows no avatar with an LLM"),
        ({"avatars": [{"config": {"llm": GROQ}}]}, "its prompt is missing"),
        ({"avatars": [{"persona_prompt": " \n", "config": {"llm": GROQ}}]}, "its prompt is empty"),
        ({"avatars": [{"persona_prompt": "You.", "config": {"llm": {}}}]}, "its LLM's provider"),
        ({"agent_name": "a\ud800b"}, "not valid Unicode"),
    ],
)
def test_an_agent_that_no_entry_leaves_as_it_is_is_refused(members: Json, reason: str) -> None:
    with pytest.raises(NotExpressibleError, match=reason):
        adopted(document(**members))

from typing import Any

import pytest

from components.agent.kind import AGENT
from tests.fixtures.agent_inputs import CANARY_PROMPT, CANARY_TOKEN, agent_inputs

LLM = {"provider": "custom", "model": "smollm2:135m", "url": "http://127.0.0.1:11434/v1", "token": CANARY_TOKEN}


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("agent_name", "Helpdesk"),
        ("config.timeout", 240),
        ("avatars.0.config.llm", LLM),
        ("avatars.0.config.stt", {"provider": "deepgram", "model": "nova-3"}),
        ("avatars.0.config.tts", {"provider": "elevenlabs", "voice_id": "ZUrEGyu8GFMwnHbvLhv2"}),
        ("avatars.0.persona_name", "Helpdesk"),
        ("avatars.0.persona_prompt", CANARY_PROMPT),
    ],
)
def test_the_minimal_body_of_the_guide_comes_out_to_the_letter(path: str, value: object) -> None:
    assert at(AGENT.body(agent_inputs(exact_name=True)), path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("agent_system_prompt", CANARY_PROMPT),
        ("avatars.0.avatar_key_id", "665a1170"),
        ("record", False),
        ("config.memory.isEnabled", False),
        ("tool", []),
        ("guardrail", []),
    ],
)
def test_what_the_sources_disagree_on_is_sent_explicitly(path: str, value: object) -> None:
    assert at(AGENT.body(agent_inputs()), path) == value


def test_the_length_of_a_call_stands_in_all_four_places() -> None:
    body = AGENT.body(agent_inputs(timeout_s=90, exit_message={"messages": ["Goodbye."]}))

    assert [
        at(body, path)
        for path in ("config.timeout", "config.maxCallDuration", "avatars.0.timeout", "avatars.0.exit_message")
    ] == [90, 90, 90, {"messages": ["Goodbye."], "max_call_duration": 90}]


@pytest.mark.parametrize(
    ("placement", "nested", "flat"), [("nested", True, False), ("flat", False, True), ("both", True, True)]
)
def test_the_llm_stands_where_the_placement_says(placement: str, nested: bool, flat: bool) -> None:  # noqa: FBT001 - a table
    avatar = AGENT.body(agent_inputs(placement=placement, turn_handling="balanced"))["avatars"][0]

    assert ("llm" in avatar.get("config", {}), "llm" in avatar, "turn_handling" in avatar) == (nested, flat, flat)


def test_our_names_become_the_names_of_the_wire() -> None:
    body = AGENT.body(
        agent_inputs(
            stt={"minEndpointingDelayS": 0.3, "allowInterimResultsInterruption": False},
            tts={"customPronunciation": [{"word": "nginx", "pronunciation": "engine x"}], "sampleRateHz": 16000},
            idle_timeout={"idleS": 20, "fillerPhrases": ["Still there?"]},
            welcome_message={"messages": ["Hi"], "waitS": 2},
            toggles={"exitHeadsUp": False},
            memory={"isEnabled": True, "instruction": "Remember the name.", "memoryCategories": ["people"]},
            rendering={"frameRate": 30},
            tool=["t1", "t2"],
        )
    )

    assert [
        at(body, "avatars.0.config.stt.allow_interm_results_interruption"),
        at(body, "avatars.0.config.stt.min_endpointing_delay"),
        at(body, "avatars.0.config.tts.customPronounciation"),
        at(body, "avatars.0.config.tts.sample_rate"),
        at(body, "avatars.0.idle_timeout"),
        at(body, "avatars.0.welcome_message"),
        at(body, "config.systemConfig"),
        at(body, "config.memory"),
        at(body, "avatars.0.frame_rate"),
        at(body, "tool"),
    ] == [
        False,
        0.3,
        [{"word": "nginx", "pronounciation": "engine x"}],
        16000,
        {"timeout": 20, "filler_phrases": ["Still there?"]},
        {"messages": ["Hi"], "wait_time": 2},
        {"exitHeadsUpToggle2": False},
        {"isEnabled": True, "instruction": "Remember the name.", "memoryCategories": ["people"]},
        30,
        [{"id": "t1"}, {"id": "t2"}],
    ]


def test_numbers_that_pulumi_turned_into_floats_are_integers_again() -> None:
    body = AGENT.body({**agent_inputs(), "timeout_s": 240.0})

    assert repr(body["config"]["timeout"]) == "240"


def test_what_is_not_declared_is_not_sent() -> None:
    body = AGENT.body(agent_inputs())

    assert {"email", "widget"} & body.keys() == set()


def test_the_name_carries_the_marker_unless_it_is_exact() -> None:
    assert [AGENT.body(agent_inputs(exact_name=exact))["agent_name"] for exact in (False, True)] == [
        "Helpdesk [k3x9abcd]",
        "Helpdesk",
    ]

"""Any document that this module can declare is adopted into the body that it led to."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from components.agent.adopted import adopted
from components.agent.document import AgentDocument
from components.agent.kind import AGENT
from tests.fixtures.adopting import after_a_put, inputs_of, made, without_time
from tests.fixtures.sandbox_server import SandboxServer

Json = dict[str, Any]


@pytest.fixture(scope="module", params=["nested", "flat"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(folder, placement=request.param, reveal_llm=True) as sandbox:
        yield sandbox


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
_names = st.from_regex(r"[A-Za-zÄé漢 .:#\-]{1,30}", fullmatch=True)
_ids = st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), max_size=3, unique=True)
_pronunciations = st.lists(st.fixed_dictionaries({"word": _names, "pronunciation": _names}), max_size=2)
_categories = st.lists(_names, max_size=2)
_lines = st.lists(_texts, max_size=2)


def _maybe(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=members)


_declared = st.fixed_dictionaries(
    {"agent_name": _names, "persona_prompt": _texts},
    optional={
        "persona_name": _names,
        "agent_system_prompt": _texts,
        "conversational_context": st.none() | _texts,
        "timeout_s": st.none() | st.integers(1, 86_400),
        "record": st.none() | st.booleans(),
        "is_public": st.none() | st.booleans(),
        "email": _texts,
        "stt": st.none() | _maybe(language=_names, minEndpointingDelayS=st.floats(0, 9), model=_names),
        "tts": _maybe(stability=st.floats(0, 1), customPronunciation=_pronunciations),
        "turn_handling": st.sampled_from(["proactive", "deliberate"]),
        "welcome_message": _maybe(messages=_lines, waitS=st.integers(0, 60)),
        "idle_timeout": _maybe(fillerPhrases=_lines, idleS=st.integers(1, 60)),
        "exit_message": _maybe(messages=_lines),
        "toggles": _maybe(entryMessage=st.booleans(), exitHeadsUp=st.booleans()),
        "memory": st.none() | _maybe(isEnabled=st.booleans(), instruction=_texts, memoryCategories=_categories),
        "callback_events": st.lists(st.sampled_from(["call_ended", "tool_call"]), unique=True),
        "knowledge_base": _ids,
        "guardrail": _ids,
        "visual_presentations": st.none() | _ids,
        "widget": _maybe(color=_names, showTalkButton=st.booleans(), subText=_lines),
        "rendering": _maybe(frameRate=st.integers(1, 60), protocol=st.fixed_dictionaries({"video_codec": _names})),
        "placement": st.sampled_from(["nested", "flat", "both"]),
    },
)


@given(_declared)
def test_any_document_is_adopted_into_the_body_that_it_led_to(declared: Json) -> None:
    body = _body(declared)
    remote = {"id": "ag-1", **body}

    found = adopted(remote)

    assert _filled(AGENT.replacement(remote, {}, inputs_of(found))) == _filled(body)
    assert AGENT.differences(remote, inputs_of(found)) == []


@settings(max_examples=40)
@given(_declared)
def test_any_agent_of_the_sandbox_comes_out_of_a_put_as_it_went_in(sandbox: SandboxServer, declared: Json) -> None:
    before = made(sandbox, _body(declared))

    after = after_a_put(sandbox, before)

    assert without_time(before) == without_time(after)


def _body(declared: Json) -> Json:
    try:
        document = AgentDocument(**declared, exact_name=True)
    except ValidationError:
        reject()  # a blank name or prompt, which no document has
    return AGENT.body({**document.to_props(), "llm_provider": "groq", "llm_model": "m"})


def _filled(value: Any) -> Any:
    """Without members that hold nothing: absent, null and empty are one to TruGen."""
    if isinstance(value, dict):
        held = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in held.items() if item not in (None, "", [], {})}
    return [_filled(item) for item in value] if isinstance(value, list) else value

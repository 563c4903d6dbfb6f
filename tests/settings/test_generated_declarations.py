"""
Whatever stands in an entry of a stack file: a clean refusal that names the key, or a body that the contract takes.

Entries are generated around the good one of each section: some keys go, some get values of a wrong kind or at an edge.
"""

import re
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.alias_generators import to_camel, to_snake

from components.agent.kind import AGENT
from components.stack.attached import SECTIONS
from components.stack.document import AgentSettings, Settings
from components.stack.problems import SettingsError
from tests.fixtures.attachment_inputs import ATTACHMENTS, MARKER
from tests.fixtures.contract import write_schema
from tests.settings.conftest import Load, Stack

SECRETS = {"trugenApiKey": "tg-0123456789", "llmTokens": {"main": "sk-0123456789"}}
NOUNS = dict(zip(SECTIONS, ATTACHMENTS, strict=True))
GOOD: dict[str, dict[str, Any]] = {
    "agents": {"llm": "main", "agentName": "Ada", "personaPrompt": "You are Ada."},
    "knowledgeBases": {"name": "Runbooks", "description": "For operations.", "documents": {"a": {"text": "one"}}},
    "tools": {"name": "lookUp", "description": "Looks up.", "url": "https://ops.example.com/"},
    "mcpServers": {"name": "ops", "description": "Inventory.", "url": "https://mcp.example.com/mcp"},
    "guardrails": {"name": "No secrets", "prompt": "Trigger on secrets."},
    "templates": {"templateName": "Desk", "templateSystemPrompt": "Be brief."},
}
LLM = {"llm_url": "https://llm.example.com/v1", "llm_model": "m-1", "llm_token": "t-1", "llm_provider": "custom"}
SHAPES: dict[str, type[BaseModel]] = {"agents": AgentSettings, **{key: one.shape for key, one in SECTIONS.items()}}

ODD = ["", " ", "a\nb", "\x00", "\u202e", "\ud800", "[k3x7abcd]", "https://a.example/", "http://[::1]/", "x" * 300]
WORDS = ["nested", "flat", "both", "keep", "fail", "overwrite", "adopt", "low", "GET", "sse", "tool.client"]
TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(ODD), st.sampled_from(WORDS))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 90_000), st.floats(allow_nan=False, width=32), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)
SCHEMAS = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "string"])},
    optional={
        "properties": st.dictionaries(st.text("ab_ ", min_size=1, max_size=4), VALUES, max_size=2),
        "required": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "enum": VALUES,
    },
)


def entries(section: str) -> st.SearchStrategy[dict[str, Any]]:
    """The good entry with up to four keys set to something, and perhaps one of its own gone."""
    keys = sorted({to_camel(name) for name in SHAPES[section].model_fields} | {"unheardOf"})
    changes = st.dictionaries(st.sampled_from(keys), st.one_of(VALUES, SCHEMAS), max_size=4)
    gone = st.one_of(st.none(), st.sampled_from(sorted(GOOD[section])))
    return st.builds(
        lambda changed, without: {key: one for key, one in {**GOOD[section], **changed}.items() if key != without},
        changes,
        gone,
    )


def body(section: str, read: Settings) -> dict[str, Any]:
    """What would be sent, after the check that the provider makes too."""
    document = getattr(read, to_snake(section))["one"]
    kind = AGENT if section == "agents" else ATTACHMENTS[NOUNS[section]].kind
    llm = LLM if section == "agents" else {}
    inputs, failures = kind.check({**document.to_props(), **llm, "marker": MARKER}, public=True)
    assert failures == []
    return kind.body(inputs)


def schema(noun: str) -> dict[str, Any]:
    """With any name for an event: `callbackEvents` is not held to the contract's list, as TruGen's own lists differ."""
    strict = write_schema(noun)
    schemas = {**strict["components"]["schemas"], "CallbackEvent": {"type": "string"}}
    return {**strict, "components": {**strict["components"], "schemas": schemas}}


def refusal_of(load: Load, stack: Stack) -> str:
    """Empty when *stack* is accepted."""
    try:
        load(stack, SECRETS)
    except SettingsError as refusal:
        return str(refusal)
    return ""


def holds(load: Load, base: Stack, section: str, entry: dict[str, Any]) -> None:
    stack = {**base, section: {"one": entry}}
    refusal = refusal_of(load, stack)
    if refusal:
        lines = [line.strip() for line in refusal.splitlines()[1:-1]]
        assert lines
        assert [line for line in lines if not re.match(rf"{section}\.one.*: \S", line)] == []
        assert not re.search(r"pydantic|Traceback|type=|validation error", refusal)
    else:
        noun = "agent" if section == "agents" else NOUNS[section]
        jsonschema.validate(body(section, load(stack, SECRETS)), schema(noun))


generated = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def base(cloud_stack: Stack) -> Stack:
    return cloud_stack


@generated
@given(entry=entries("agents"))
@example({**GOOD["agents"], "vision": {"\x85": None}})  # a key that broke the line it was told in
def test_an_agent(load: Load, base: Stack, entry: dict[str, Any]) -> None:
    holds(load, base, "agents", entry)


@generated
@given(entry=entries("knowledgeBases"))
def test_a_knowledge_base(load: Load, base: Stack, entry: dict[str, Any]) -> None:
    holds(load, base, "knowledgeBases", entry)


@generated
@given(entry=entries("tools"))
@example({**GOOD["tools"], "eventMessages": {"\x85": None}})  # as above
def test_a_tool(load: Load, base: Stack, entry: dict[str, Any]) -> None:
    holds(load, base, "tools", entry)


@generated
@given(entry=entries("mcpServers"))
@example({**GOOD["mcpServers"], "headers": {":": None}})  # a key with a colon, which was taken for the path's end
def test_an_mcp_server(load: Load, base: Stack, entry: dict[str, Any]) -> None:
    holds(load, base, "mcpServers", entry)


@generated
@given(entry=entries("guardrails"))
def test_a_guardrail(load: Load, base: Stack, entry: dict[str, Any]) -> None:
    holds(load, base, "guardrails", entry)


@generated
@given(entry=entries("templates"))
@example({**GOOD["templates"], "callbackEvents": ["an.event.of.tomorrow"]})
def test_a_template(load: Load, base: Stack, entry: dict[str, Any]) -> None:
    holds(load, base, "templates", entry)

"""Markers of objects that stand in workspaces since the first release with attachments: they may never change."""

import pytest

from components.lifecycle.identity import marker
from tests.fixtures.attachment_inputs import ATTACHMENTS

MARKERS = {
    "knowledge base": "yf2ncwsw",
    "tool": "n5pl5jl7",
    "MCP server": "s6dhmmzg",
    "guardrail": "taz6nmp6",
    "template": "hlsfqfrw",
}


@pytest.mark.parametrize(("noun", "known"), MARKERS.items())
def test_a_declared_attachment_has_the_marker_it_always_had(noun: str, known: str) -> None:
    kind = ATTACHMENTS[noun].kind

    assert marker("trugen-llm", "production", "helpdesk", kind=kind.noun) == known

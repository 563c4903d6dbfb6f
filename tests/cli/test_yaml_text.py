"""What is written as YAML is read back exactly; the end-to-end test of the adoption does it with Pulumi's."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.cli.yaml_text import comment_lines, mapping_lines, survives

_texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("\n\t\r #:-'\"|>&*!%@`{}[],?é"))
_numbers = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
)


def written(values: dict[str, Any]) -> str:
    return "\n".join(["root:", *mapping_lines(values, "  "), "after: true", ""])


@settings(deadline=None)
@given(st.dictionaries(_texts, _values, min_size=1, max_size=5))
def test_everything_is_read_back_as_it_was(values: dict[str, Any]) -> None:
    assert yaml.safe_load(written(values)) == {"root": values, "after": True}


def test_a_prompt_of_several_lines_stands_as_lines() -> None:
    prompt = "You are Ada.  \n\n\tNever: guess # really\n- é 👩‍⚕️\n"

    assert written({"p": prompt}).splitlines()[1:6] == [
        "  p: |",
        "    You are Ada.  ",
        "",
        "    \tNever: guess # really",
        "    - é 👩‍⚕️",
    ]


@pytest.mark.parametrize("text", ["1e3", "0o17", "12:30:45", "yes", "NULL", "~", "", "=", "2001-01-01", "@x", "é"])
def test_a_text_that_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    assert written({"p": text}).splitlines()[1] == f'  p: "{text}"'


def test_characters_that_nobody_sees_are_escaped() -> None:
    assert written({"p": "a\u202eb\x85"}).splitlines()[1] == '  p: "a\\U0000202eb\\U00000085"'


def test_a_name_from_elsewhere_cannot_end_its_comment() -> None:
    assert list(comment_lines("Evil\nagents: {}\u2028x\x85", "  ")) == ["  # Evil?agents: {}?x?"]


@pytest.mark.parametrize("value", ["\na", "\ta\nb", "\u2028", ["\n"], {"a": {"b": "\n"}}, {"\n": 1}, {"secure": "x"}])
def test_what_pulumi_would_change_is_known(value: Any) -> None:
    assert not survives(value)


@pytest.mark.parametrize("value", ["", " \n", "a\n\tb", "\ta", "\r\n", None, 1, ["x"], {"secure": 1, "more": 1}])
def test_what_pulumi_leaves_alone_is_known(value: Any) -> None:
    assert survives(value)

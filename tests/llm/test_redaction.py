import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.llm.redaction import Redactor

TOKEN = "canary/TOKEN+0123456789=="


def redacted(text: str, token: str | None = TOKEN) -> str:
    return Redactor(token).line(text, limit=10_000)


def test_the_token_is_masked_where_a_server_echoes_it() -> None:
    assert "bad key [token] given" == redacted(f"bad key {TOKEN} given")


def test_the_url_encoded_token_is_masked() -> None:
    assert "/login?next=[token]" == redacted(f"/login?next={quote(TOKEN, safe='')}")


@pytest.mark.parametrize("quoted", [json.dumps, repr, lambda text: repr(text.encode())])
def test_a_token_with_odd_characters_is_masked_where_it_is_quoted(quoted: Callable[[str], str]) -> None:
    token = 'cänary"\n\\token'

    assert "nary" not in redacted(quoted(token), token)
    assert "[token]" in redacted(quoted(token), token)


@given(
    before=st.binary(max_size=5),
    after=st.binary(max_size=5),
    encode=st.sampled_from([base64.standard_b64encode, base64.urlsafe_b64encode]),
)
def test_no_part_of_the_token_survives_base64_whatever_surrounds_it(
    before: bytes, after: bytes, encode: Callable[[bytes], bytes]
) -> None:
    echoed = encode(before + TOKEN.encode() + after).decode()

    left_over = redacted(echoed)

    assert "[token]" in left_over
    assert len(left_over.replace("[token]", "")) <= len(encode(before + after)) + 8


def test_a_token_with_invisible_characters_inside_is_masked() -> None:
    assert "[token]" == redacted(f"{TOKEN[:5]}\x00{TOKEN[5:9]}\u200b{TOKEN[9:]}")


def test_a_token_across_the_cut_leaves_no_half_behind() -> None:
    assert "aaaa[tok…" == Redactor(TOKEN).line(f"aaaa{TOKEN}", limit=9)


def test_terminal_escapes_and_line_breaks_do_not_reach_the_terminal() -> None:
    assert "red text next line" == redacted("\x1b[31mred\x1b[0m text\r\nnext\x07 line\u202e")


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_nothing_is_masked(token: str | None) -> None:
    assert "plain text" == redacted("plain text", token)

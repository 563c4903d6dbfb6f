"""No secret gets into a text that is shown, whatever another program made of it."""

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.redaction import Redactor

TOKENS = ["canary/TOKEN+0123456789==", "canary/token+with=signs:9f8e7d6c", "canary-key-7f1c9d2e"]
TOKEN = TOKENS[0]
PROMPT = 'You are the canary prompt.\nNever say "tomato" to a caller.'

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": lambda secret: secret,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "URL": lambda secret: quote(secret, safe=""),
    "URL path": quote,
    "form": quote_plus,
    "lower-case URL": lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 after 'Bearer '": lambda secret: base64.b64encode(f"Bearer {secret}".encode()).decode(),
    "base64 after 'key '": lambda secret: base64.b64encode(f"key {secret}".encode()).decode(),
    "URL-safe base64": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "first half": lambda secret: secret[: len(secret) // 2],
    "in lines": lambda secret: f"{secret[:9]}\n{secret[9:]}",
}


def redacted(text: str, *credentials: str | None) -> str:
    return Redactor(*credentials).line(text, limit=10_000)


def test_half_a_character_is_left_out_since_no_state_and_no_terminal_takes_it() -> None:
    """JSON can say it, and a server that streams a smiley in two pieces does."""
    assert "one two" == redacted("one \ud83dtwo\ude00", TOKEN)


def test_the_token_is_hidden_where_a_server_echoes_it() -> None:
    assert "bad key [hidden] given" == redacted(f"bad key {TOKEN} given", TOKEN)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("secret", TOKENS)
def test_a_credential_is_hidden_in_every_spelling(encode: Callable[[str], str], secret: str) -> None:
    shown = redacted(f"refused: {encode(secret)} is wrong", secret)

    # The first characters of the base64 of a longer text belong to what stands before the secret.
    pieces = [encode(secret)[start : start + 6] for start in range(12, len(encode(secret)) - 6)]
    assert ("[hidden]" in shown, [piece for piece in pieces if piece in shown]) == (True, [])


def test_the_url_encoded_token_is_hidden_whole() -> None:
    assert "/login?next=[hidden]" == redacted(f"/login?next={quote(TOKEN, safe='')}", TOKEN)


@pytest.mark.parametrize(
    "quoted", [json.dumps, lambda text: json.dumps(text, ensure_ascii=False), repr, lambda text: repr(text.encode())]
)
def test_a_token_with_odd_characters_is_hidden_where_it_is_quoted(quoted: Callable[[str], str]) -> None:
    token = 'cänary"\n\\token'

    assert "[hidden]" == redacted(quoted(token), token).strip("b'\"")


@given(
    before=st.binary(max_size=5),
    after=st.binary(max_size=5),
    encode=st.sampled_from([base64.standard_b64encode, base64.urlsafe_b64encode]),
)
def test_no_part_of_the_token_survives_base64_whatever_surrounds_it(
    before: bytes, after: bytes, encode: Callable[[bytes], bytes]
) -> None:
    left_over = redacted(encode(before + TOKEN.encode() + after).decode(), TOKEN)

    assert "[hidden]" in left_over
    assert len(left_over.replace("[hidden]", "")) <= len(encode(before + after)) + 8


@given(secret=st.text(min_size=4, max_size=60), around=st.text(max_size=60))
def test_no_secret_of_four_characters_or_more_survives(secret: str, around: str) -> None:
    assert secret not in redacted(around + secret + around, secret).replace("[hidden]", "\ud800")


def test_a_token_with_invisible_characters_inside_is_hidden() -> None:
    assert "[hidden]" == redacted(f"{TOKEN[:5]}\x00{TOKEN[5:9]}\u200b{TOKEN[9:12]}\x1b[1m{TOKEN[12:]}", TOKEN)


def test_any_long_piece_of_a_prompt_is_hidden_and_the_rest_stays_readable() -> None:
    redactor = Redactor(prose=[PROMPT])

    shown = redactor.line(f"persona_prompt {PROMPT[:26]!r}... is too long for this plan", limit=300)

    assert "persona_prompt '[hidden]'... is too long for this plan" == shown


def test_a_prompt_is_hidden_where_its_lines_were_joined() -> None:
    assert "bad: [hidden]" == Redactor(prose=[PROMPT]).line(f"bad: {' '.join(PROMPT.split())}", limit=300)


def test_a_short_run_that_a_prompt_shares_with_any_text_is_left() -> None:
    assert "Never say no to it" == Redactor(prose=[PROMPT]).line("Never say no to it", limit=300)


def test_terminal_escapes_and_line_breaks_do_not_reach_the_terminal() -> None:
    assert "red text next line" == redacted("\x1b[31mred\x1b[0m text\r\nnext\x07 line\u202e")


def test_what_is_no_secret_is_left_alone() -> None:
    redactor = Redactor(TOKEN, "", "abc", None, prose=[PROMPT, "abc"])

    assert "Invalid request body abc" == redactor.line("Invalid request body abc", limit=300)


def test_a_token_across_the_cut_leaves_no_half_behind() -> None:
    assert "aaaa[hid…" == Redactor(TOKEN).line(f"aaaa{TOKEN}", limit=9)


@pytest.mark.parametrize("seen_chars", range(len(TOKEN)))
def test_a_token_across_the_end_of_what_is_read_leaves_no_piece_behind(seen_chars: int) -> None:
    text = "x" * 20 + " " * (40 * 8 - 20 - seen_chars) + TOKEN

    assert re.fullmatch(r"x{5,20}(?: \[hidden\])?…", Redactor(TOKEN).line(text, limit=40))


def test_of_an_endless_text_only_the_beginning_is_read() -> None:
    text = "a b " * 1_000_000 + TOKEN

    assert "a b a b a b a b a b…" == Redactor(TOKEN, prose=["c d " * 50_000]).line(text, limit=20)

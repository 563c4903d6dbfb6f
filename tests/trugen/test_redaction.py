import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError
from components.trugen.redaction import Redactor
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen

TOKEN = "canary/token+with=signs:9f8e7d6c"
PROMPT = 'You are the canary prompt.\nNever say "tomato" to a caller.'

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": lambda secret: secret,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "URL": lambda secret: quote(secret, safe=""),
    "form": quote_plus,
    "lower-case URL": lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 after 'Bearer '": lambda secret: base64.b64encode(f"Bearer {secret}".encode()).decode(),
    "base64 after 'key '": lambda secret: base64.b64encode(f"key {secret}".encode()).decode(),
    "URL-safe base64": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "first half": lambda secret: secret[: len(secret) // 2],
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("secret", [TOKEN, KEY])
def test_a_credential_is_hidden_in_every_spelling(encode: Callable[[str], str], secret: str) -> None:
    shown = Redactor(credentials=[secret])(f"refused: {encode(secret)} is wrong")

    # The first characters of the base64 of a longer text belong to what stands before the secret.
    pieces = [encode(secret)[start : start + 6] for start in range(12, len(encode(secret)) - 6)]
    assert ("[hidden]" in shown, [piece for piece in pieces if piece in shown]) == (True, [])


def test_any_long_piece_of_a_prompt_is_hidden_and_the_rest_stays_readable() -> None:
    shown = Redactor(prose=[PROMPT])(f"persona_prompt {PROMPT[:26]!r}... is too long for this plan")

    assert shown == "persona_prompt '[hidden]'... is too long for this plan"


def test_what_is_no_secret_is_left_alone() -> None:
    assert Redactor(credentials=[TOKEN, ""], prose=[PROMPT, "abc"])("Invalid request body") == "Invalid request body"


@given(st.text(min_size=4, max_size=60), st.text(max_size=60))
def test_no_secret_of_four_characters_or_more_survives(secret: str, around: str) -> None:
    assert secret not in Redactor(credentials=[secret])(around + secret + around).replace("[hidden]", "\0")


@pytest.mark.parametrize("status", [200, 400, 401, 404, 302, 503])
def test_no_error_of_the_client_holds_key_token_or_prompt(
    new_client: Callable[..., TrugenClient], api: ScriptedTrugen, status: int
) -> None:
    echo = f"{KEY} {TOKEN} {PROMPT} {base64.b64encode(KEY.encode()).decode()}"
    body = json.dumps({"error": echo}).encode() if status != 200 else echo.encode()
    api.faults = [Fault("PUT", status, body, headers={"Location": f"http://x/{quote(TOKEN)}"})] * 9

    with pytest.raises(TrugenError) as caught:
        new_client(credentials=[TOKEN], prose=[PROMPT]).replace_agent("a1", {})

    assert [secret for secret in ("canary", "tomato", "Y2FuYXJ5") if secret in str(caught.value)] == []

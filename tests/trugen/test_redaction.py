import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from components.trugen.client import TrugenClient
from components.trugen.errors import RefusedError, TrugenError
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen

TOKEN = "canary/token+with=signs:9f8e7d6c"
PROMPT = 'You are the canary prompt.\nNever say "tomato" to a caller.'


@pytest.mark.parametrize("status", [200, 400, 401, 404, 302, 503])
def test_no_error_of_the_client_holds_key_token_or_prompt(
    new_client: Callable[..., TrugenClient], api: ScriptedTrugen, status: int
) -> None:
    echo = f"{KEY} {TOKEN} {PROMPT} {base64.b64encode(KEY.encode()).decode()}"
    body = json.dumps({"error": echo}).encode() if status != 200 else echo.encode()
    api.faults = [Fault("PUT", status, body, headers={"Location": f"http://x/{quote(TOKEN)}"})] * 9

    with pytest.raises(TrugenError) as caught:
        new_client(credentials=[TOKEN], prose=[PROMPT]).agents.replace("a1", {})

    assert [secret for secret in ("canary", "tomato", "Y2FuYXJ5") if secret in str(caught.value)] == []


def test_what_the_server_says_is_one_line_without_terminal_escapes(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("PUT", 400, json.dumps({"error": "\x1b[31mbad\r\n  value\x07"}).encode())]

    with pytest.raises(RefusedError, match="400 'bad value'"):
        client.agents.replace("a1", {})

from collections.abc import Callable

import pytest

from components.trugen.client import TrugenClient
from components.trugen.errors import ConnectionSettingsError
from tests.fixtures.scripted_trugen import KEY, ScriptedTrugen


def test_blanks_around_a_pasted_key_do_no_harm(new_client: Callable[..., TrugenClient], api: ScriptedTrugen) -> None:
    new_client(api_key=f" {KEY}\n").check_key()

    assert api.seen_headers[0]["x-api-key"] == KEY


def test_a_trailing_slash_of_the_root_does_no_harm(
    new_client: Callable[..., TrugenClient], api: ScriptedTrugen
) -> None:
    new_client(api_url=f"{api.url}/").check_key()

    assert api.calls == [("GET", "/v1/ext/avatars")]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "There is no TruGen API key"),
        (" \n", "There is no TruGen API key"),
        ("Bearer canary", "starts with 'Bearer '"),
        ("canary\r\nx-admin: 1", "a character that no key has"),
        ("canary key", "a character that no key has"),
        ("canaryé", "a character that no key has"),
    ],
)
def test_an_unusable_key_is_refused_before_anything_is_sent_and_never_shown(
    new_client: Callable[..., TrugenClient], key: str, problem: str
) -> None:
    with pytest.raises(ConnectionSettingsError, match=problem) as caught:
        new_client(api_key=key)

    assert ("canary" in str(caught.value), "export TRUGEN_API_KEY" in str(caught.value)) == (False, True)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "does not start with https://"),
        ("api.trugen.ai/v1", "does not start with https://"),
        ("https://api.trugen.ai/v1?x=1", "give the root of the API only"),
        ("https://api.trugen.ai\\@127.0.0.1/v1", "which HTTP clients read in different ways"),
        ("https://api.trugen.ai:99999/v1", "is not a URL"),
        ("https://api.trugen.ai:canary/v1", "is not a URL"),
        ("https://user:canary@api.trugen.ai/v1", "holds a user name or password"),
        ("http://api.trugen.ai/v1", "would send the key unencrypted"),
        ("http://localhost.evil.example/v1", "would send the key unencrypted"),
        ("ftp://127.0.0.1/v1", "does not start with https://"),
    ],
)
def test_an_unusable_root_is_refused(new_client: Callable[..., TrugenClient], url: str, problem: str) -> None:
    with pytest.raises(ConnectionSettingsError, match=problem) as caught:
        new_client(api_url=url)

    assert "canary" not in str(caught.value)


def test_a_ca_bundle_that_is_not_there_is_refused(new_client: Callable[..., TrugenClient]) -> None:
    with pytest.raises(ConnectionSettingsError, match=r"The CA bundle '/nowhere/ca\.pem' is not a file"):
        new_client(ca_bundle="/nowhere/ca.pem")

"""What an agent may call, and what it may call it with."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from policy.seen import UNKNOWN
from policy.tokens import bits_at_most
from tests.policy.conftest import STRONG, agent, not_yet, violations

SANDBOX = {"trugen:sandbox": "true"}


@pytest.mark.parametrize(
    "url",
    [
        "https://llm.example.com/v1",
        "https://llm.example.com:8443/v1",
        "https://xn--exmple-cua.com/v1",
        "https://box.tail1234.ts.net/v1",
        "https://8.8.8.8/v1",
        "https://[2606:4700::1111]/v1",
        "https://api.groq.com./openai/v1",
    ],
)
def test_a_public_https_address_is_fine(url: str) -> None:
    assert violations("agent-url", agent(llm_url=url)) == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "llm.localhost", "llm", "llm.local", "llm.internal", "llm.home.arpa",
        "127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.9", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        "", "a..b.com", "-", "example.123", "%6cocalhost", "exam ple.com",
    ],
)  # fmt: skip
def test_an_address_that_the_internet_cannot_call_is_refused(host: str) -> None:
    (text,) = violations("agent-url", agent(llm_url=f"https://{host}/v1"))

    assert "no name or address of the internet" in text or "cannot be read" in text


@pytest.mark.parametrize("url", ["http://llm.example.com/v1", "ftp://llm.example.com", "llm.example.com/v1", ""])
def test_nothing_but_https_is_called(url: str) -> None:
    (text,) = violations("agent-url", agent(llm_url=url))

    assert "it is not https" in text


def test_a_url_with_a_user_in_it_is_refused() -> None:
    (text,) = violations("agent-url", agent(llm_url="https://canary@llm.example.com/v1"))

    assert "holds a user name or password" in text
    assert "canary" not in text


def test_a_url_is_shown_without_what_may_be_secret_in_it() -> None:
    (text,) = violations("agent-url", agent(llm_url="https://user:canary-1@llm.example.com:8443/canary-2?key=canary-3"))

    assert "https://llm.example.com:8443:" in text
    assert "canary" not in text


def test_an_agent_in_a_sandbox_may_call_this_machine_where_the_stack_has_sandboxes() -> None:
    in_sandbox = replace(agent(llm_url="http://127.0.0.1:21434/v1"), provider=SANDBOX)

    assert violations("agent-url", in_sandbox, {"sandbox": True}) == []
    assert len(violations("agent-url", in_sandbox, {"sandbox": False})) == 1
    assert len(violations("agent-url", in_sandbox)) == 1


def test_a_sandbox_excuses_no_other_address_and_no_other_provider() -> None:
    elsewhere = replace(agent(llm_url="http://10.0.0.1/v1"), provider=SANDBOX)
    no_sandbox = agent(llm_url="http://127.0.0.1/v1")

    assert len(violations("agent-url", elsewhere, {"sandbox": True})) == 1
    assert len(violations("agent-url", no_sandbox, {"sandbox": True})) == 1


@pytest.mark.parametrize(
    ("token", "bits"),
    [
        ("", 0),
        ("a" * 64, 4),
        ("0123456789abcdef" * 4, 64),
        ("abc", 12),
        ("xyz", 15),
        (STRONG, 258),
    ],
)
def test_repetition_adds_no_bits(token: str, bits: int) -> None:
    assert bits_at_most(token) == bits


@pytest.mark.parametrize("make", [lambda: secrets.token_hex(32), lambda: secrets.token_urlsafe(32)])
def test_256_random_bits_are_enough_however_they_are_spelled(make: Any) -> None:
    assert [violations("token-strength", agent(llm_token=make())) for _ in range(5000)] == [[]] * 5000


@pytest.mark.parametrize(
    "token",
    ["hunter2", "sk-1234", secrets.token_hex(16), secrets.token_urlsafe(16), "ab" * 40, "0369cf47ab12" * 20],
)
def test_fewer_are_refused_without_showing_them(token: str) -> None:
    (text,) = violations("token-strength", agent(llm_token=token))

    assert "256 are wanted for llm.example.com" in text
    assert token not in text


@pytest.mark.parametrize("start", ["changeme-", "CHANGE_ME", "your-key-", "<token>", "replace-this-", "xxxxxxxx"])
def test_a_placeholder_is_refused_however_long_it_is(start: str) -> None:
    (text,) = violations("token-strength", agent(llm_token=start + STRONG))

    assert "looks like a placeholder" in text
    assert start not in text


@pytest.mark.parametrize("token", [None, "", 7])
def test_an_agent_without_a_readable_token_is_refused(token: object) -> None:
    assert len(violations("token-strength", agent(llm_token=token))) == 1


def test_a_model_of_trugens_own_has_no_token_to_judge() -> None:
    assert violations("token-strength", agent(llm_provider="groq", llm_token=None, llm_url=None)) == []


def test_a_vendors_key_is_measured_by_what_that_vendor_gives_out() -> None:
    settings = {"vendors": {"azure.com": 128}}
    key = secrets.token_hex(16)

    def judged(host: str) -> list[str]:
        return violations("token-strength", agent(llm_token=key, llm_url=f"https://{host}/v1"), settings)

    assert judged("ours.openai.azure.com") == []
    assert len(judged("notazure.com")) == 1


def test_what_only_the_run_knows_is_no_violation_and_no_pass() -> None:
    later = agent(llm_url=UNKNOWN, llm_token=UNKNOWN)

    assert violations("agent-url", later) == violations("token-strength", later) == []
    assert not_yet("agent-url", later) == ["llm_url"]
    assert not_yet("token-strength", later) == ["llm_token"]


def test_a_short_token_for_an_unknown_host_waits_for_the_host() -> None:
    assert len(not_yet("token-strength", agent(llm_url=UNKNOWN, llm_token="sk-1234"))) == 1


def test_an_unprotected_agent_is_named() -> None:
    (text,) = violations("protection", replace(agent(), protect=False))

    assert "Agent concierge is not protected" in text
    assert violations("protection", agent()) == []

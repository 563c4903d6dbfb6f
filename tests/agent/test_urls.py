"""Which of the URLs that components/urls.py takes an agent may have: it depends on where the agent lives."""

import pytest

from components.agent.lifecycle import check
from tests.fixtures.agent_inputs import agent_inputs


def reason(url: str, *, sandbox: bool) -> str:
    _, failures = check(agent_inputs(llm_url=url), sandbox=sandbox)
    return failures[0].reason if failures else ""


@pytest.mark.parametrize("url", ["https://llm.example.com/v1", "https://8.8.8.8/v1", "https://[2606:4700::1111]/v1"])
def test_an_agent_in_the_cloud_may_call_what_is_public(url: str) -> None:
    assert reason(url, sandbox=False) == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:11434/v1", "http://localhost/v1", "http://ollama:11434/v1"])
def test_a_sandbox_may_call_this_machine(url: str) -> None:
    assert reason(url, sandbox=True) == ""


def test_both_urls_go_on_normalised() -> None:
    given = agent_inputs(llm_url="https://bücher.example/v1/") | {"callback_url": "https://Bücher.example/hook?a=1"}

    inputs, _ = check(given, sandbox=False)

    assert (inputs["llm_url"], inputs["callback_url"]) == (
        "https://xn--bcher-kva.example/v1",
        "https://xn--bcher-kva.example/hook?a=1",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "[::1]", "10.1.2.3", "localhost", "ollama", "llm.internal"])
def test_an_agent_in_the_cloud_may_not_call_an_address_it_cannot_reach(host: str) -> None:
    assert reason(f"https://{host}/v1", sandbox=False).startswith("llm_url cannot be called by TruGen: ")


def test_an_agent_in_the_cloud_may_not_call_plain_http() -> None:
    assert "unencrypted" in reason("http://llm.example.com/v1", sandbox=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "does not start with https://"),
        ("https://user:canary@h.example/v1", "holds a user name or password"),
        ("https://h.example:canary/v1", "is not a URL"),
        ("https://169.254.169.254/v1", "metadata"),
    ],
)
@pytest.mark.parametrize("sandbox", [True, False])
def test_a_malformed_url_is_refused_everywhere_and_not_repeated(url: str, why: str, *, sandbox: bool) -> None:
    said = reason(url, sandbox=sandbox)

    assert (why in said, "canary" in said) == (True, False)


@pytest.mark.parametrize(
    ("url", "sandbox", "refused"),
    [
        ("", False, False),
        ("https://hooks.example.org/trugen?secret=1", False, False),
        ("http://127.0.0.1:9000/hook", True, False),
        ("http://hooks.example.org/trugen", False, True),
        ("https://10.0.0.1/hook", False, True),
        ("https://user:pass@hooks.example.org/", True, True),
        ("not a url", True, True),
    ],
)
def test_callbacks_follow_the_same_rules_but_may_carry_a_query(url: str, *, sandbox: bool, refused: bool) -> None:
    _, failures = check(agent_inputs(llm_url="https://h.example/v1") | {"callback_url": url}, sandbox=sandbox)

    assert [failure.property for failure in failures] == (["callback_url"] if refused else [])

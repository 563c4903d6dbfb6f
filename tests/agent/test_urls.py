import pytest

from components.agent.lifecycle import check
from components.agent.urls import llm_url, why_not_public
from tests.fixtures.agent_inputs import agent_inputs


def reason(url: str, *, sandbox: bool) -> str:
    _, failures = check(agent_inputs(llm_url=url), sandbox=sandbox)
    return failures[0].reason if failures else ""


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://llm.example.com/v1", "https://llm.example.com/v1"),
        ("https://llm.example.com/v1/", "https://llm.example.com/v1"),
        ("https://llm.example.com/v1/chat/completions", "https://llm.example.com/v1"),
        ("https://api.groq.com/openai/v1/chat/completions/", "https://api.groq.com/openai/v1"),
        ("https://xn--exmple-cua.com:8443/v1", "https://xn--exmple-cua.com:8443/v1"),
    ],
)
def test_the_base_url_is_what_remains(given: str, wanted: str) -> None:
    assert llm_url(given) == wanted


@pytest.mark.parametrize("url", ["https://llm.example.com/v1", "https://8.8.8.8/v1", "https://[2606:4700::1111]/v1"])
def test_an_agent_in_the_cloud_may_call_what_is_public(url: str) -> None:
    assert reason(url, sandbox=False) == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:11434/v1", "http://localhost/v1", "http://ollama:11434/v1"])
def test_a_sandbox_may_call_this_machine(url: str) -> None:
    assert reason(url, sandbox=True) == ""


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "[fc00::1]"),
        *("127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "100.64.0.1", "224.0.0.1", "localhost."),
        *("ollama", "llm.internal", "llm.local", "a.localhost"),
    ],
)
def test_an_agent_in_the_cloud_may_not_call_an_address_it_cannot_reach(host: str) -> None:
    assert "TruGen cannot reach" in reason(f"https://{host}/v1", sandbox=False)


def test_an_agent_in_the_cloud_may_not_call_plain_http() -> None:
    assert "unencrypted" in reason("http://llm.example.com/v1", sandbox=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "does not start with https://"),
        ("llm.example.com/v1", "does not start with https://"),
        ("ftp://llm.example.com/v1", "does not start with https://"),
        ("file:///etc/passwd", "'//'"),
        ("https:///v1", "'//'"),
        ("https://:8080/v1", "names no host"),
        ("https://h.example:0/v1", "names no host or port 0"),
        ("https://h.example:65536/v1", "is not a URL"),
        ("https://h.example:x/v1", "is not a URL"),
        ("https://[::1/v1", "is not a URL"),
        ("https://h.example/v1/v1", "write the version once: '/v1'"),
        ("https://h.example/v1?x=1", "holds '?' or '#'"),
        ("https://h.example/v1#x", "holds '?' or '#'"),
        ("https://user:canary@h.example/v1", "holds a user name or password"),
        ("https://evil.example\\@127.0.0.1/", "backslash"),
        ("https://h.example/v1 ", "blank"),
        ("https://h.example/\nv1", "blank"),
        ("https://h.example/v1/../admin", "'..'"),
        ("https://h.example/%2e%2e/admin", "'..'"),
        ("https://h.example//v1", "'//'"),
        ("https://ex\u0430mple.com/v1", "punycode"),
        ("https://169.254.169.254/v1", "metadata"),
        ("http://metadata.google.internal/v1", "metadata"),
        ("https://[fe80::1]/v1", "metadata"),
        (f"https://h.example/{'x' * 2000}", "2000 are the limit"),
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


def test_a_public_name_is_taken_as_written() -> None:
    assert why_not_public("https://rebinding.example.com/v1") is None

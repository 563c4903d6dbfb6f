"""What a URL in a stack file becomes, and what it may not be."""

import pytest

from components.llm.urls import api_root, why_not_public


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://llm.example.com/v1/", "https://llm.example.com/v1"),
        ("https://llm.example.com:8443/v1/chat/completions", "https://llm.example.com:8443/v1"),
        ("HTTPS://LLM.Example.com/v1", "https://llm.example.com/v1"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_a_root_is_normalised(written: str, meant: str) -> None:
    assert api_root(written) == meant


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "does not start with https://"),
        ("llm.example.com/v1", "does not start with https://"),
        ("ftp://llm.example.com/v1", "does not start with https://"),
        ("file:///etc/passwd", "read in different ways"),
        ("https:///v1", "read in different ways"),
        ("https://:8000/v1", "names no host"),
        ("https://llm.example.com:0/v1", "has port 0"),
        ("https://llm.example.com:65536/v1", "is not a URL: Port out of range"),
        ("https://llm.example.com/v1/v1", "ends in '/v1/v1'; write the version once: '/v1'"),
        ("https://llm.example.com/v1?x=1", r"holds '\?' or '#'"),
        ("https://llm.example.com/v1#x", r"holds '\?' or '#'"),
        ("https://llm.example.com/v1/../admin", "read in different ways"),
        ("https://llm.example.com/v1/%2e%2e/admin", "read in different ways"),
        ("https://llm.example.com//v1", "read in different ways"),
        ("http://evil.example\\@127.0.0.1/", "read in different ways"),
        ("https://llm.example.com /v1", "read in different ways"),
        ("https://llm.example.com/v1\n", "read in different ways"),
        ("https://169.254.169.254/v1", "never an LLM"),
        ("http://metadata.google.internal/v1", "never an LLM"),
        ("https://[fe80::1]/v1", "never an LLM"),
        ("https://" + "a" * 70 + ".example/v1", "not a valid domain name"),
        ("https://llm.example.com/" + "a" * 2000, "2000 are the limit"),
    ],
)
def test_what_cannot_be_a_root_is_refused_with_the_reason(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        api_root(written)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="holds a user name or password") as caught:
        api_root("https://user:hunter2@llm.example.com/v1")

    assert "hunter2" not in str(caught.value)


def test_a_public_https_url_can_be_called_from_the_internet() -> None:
    assert why_not_public("https://llm.example.com/v1") is None

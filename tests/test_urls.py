"""What a URL in a stack becomes, and what it may not be."""

from collections.abc import Callable

import pytest

from components.urls import api_root, callback_url, why_not_public


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://llm.example.com/v1", "https://llm.example.com/v1"),
        ("https://llm.example.com/v1/", "https://llm.example.com/v1"),
        ("https://llm.example.com/v1/chat/completions", "https://llm.example.com/v1"),
        ("https://llm.example.com:8443/v1/chat/completions", "https://llm.example.com:8443/v1"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/openai/v1/chat/completions/", "https://api.groq.com/openai/v1"),
        ("HTTPS://LLM.Example.com/v1", "https://llm.example.com/v1"),
        ("https://xn--exmple-cua.com:8443/v1", "https://xn--exmple-cua.com:8443/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://my_host:8000", "http://my_host:8000"),
    ],
)
def test_a_root_is_normalised(written: str, meant: str) -> None:
    assert meant == api_root(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("https://faß.example/v1", "https://xn--fa-hia.example/v1"),
        ("https://ex\u0430mple.com/v1", "https://xn--exmple-4nf.com/v1"),
        ("http://\uff11\uff12\uff17.0.0.1/v1", "http://127.0.0.1/v1"),
    ],
    ids=["German", "german sharp s", "a Cyrillic letter among Latin ones", "full-width digits"],
)
def test_a_host_beyond_ascii_is_shown_as_what_will_be_called(written: str, meant: str) -> None:
    assert meant == api_root(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ""),
        ("https://hooks.example.org/trugen?secret=1", "https://hooks.example.org/trugen?secret=1"),
        ("https://hooks.example.org/Path/", "https://hooks.example.org/Path/"),
        ("https://bücher.example/hook?a=b", "https://xn--bcher-kva.example/hook?a=b"),
    ],
)
def test_a_callback_keeps_its_path_and_its_query(written: str, meant: str) -> None:
    assert meant == callback_url(written)


@pytest.mark.parametrize("url", ["https://llm.example.com/v1", "https://8.8.8.8/v1", "https://[2606:4700::1111]/v1"])
def test_a_public_https_url_can_be_called_from_the_internet(url: str) -> None:
    assert why_not_public(url) is None


def test_a_public_name_is_taken_as_written() -> None:
    assert why_not_public("https://rebinding.example.com/v1") is None


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "0.0.0.0", "[::1]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "[fc00::1]", "[::ffff:127.0.0.1]"),
        *("127.1", "2130706433", "0x7f.1", "127.0.0.1.", "100.64.0.1", "224.0.0.1"),
    ],
)
def test_an_address_that_is_not_public_is_told_from_one_that_is(host: str) -> None:
    reason = why_not_public(f"https://{host}/v1") or ""

    assert reason.endswith(" is a loopback, private or reserved address")


@pytest.mark.parametrize("host", ["localhost", "localhost.", "ollama", "llm.internal", "llm.local", "a.localhost"])
def test_a_name_of_this_network_is_told_from_a_public_one(host: str) -> None:
    assert f"{host.rstrip('.')} is a name of this network only" == why_not_public(f"https://{host}/v1")


def test_plain_http_over_the_internet_would_show_prompts_and_token() -> None:
    assert (why_not_public("http://llm.example.com/v1") or "").startswith("plain http would carry prompts")


@pytest.mark.parametrize("normalise", [api_root, callback_url])
@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("llm.example.com/v1", "does not start with https://"),
        ("not-a-url", "does not start with https://"),
        ("ftp://llm.example.com/v1", "does not start with https://"),
        ("file:///etc/passwd", "read in different ways"),
        ("https:///v1", "read in different ways"),
        ("https://llm.example.com/v1/../admin", "read in different ways"),
        ("https://llm.example.com/v1/%2e%2e/admin", "read in different ways"),
        ("https://llm.example.com//v1", "read in different ways"),
        ("https://evil.example\\@127.0.0.1/", "read in different ways"),
        ("https://llm.example.com /v1", "read in different ways"),
        ("https://llm.example.com/v1 ", "read in different ways"),
        ("https://llm.example.com/v1\n", "read in different ways"),
        ("https://llm.example.com/\nv1", "read in different ways"),
        ("https://:8000/v1", "names no host"),
        ("http://", "names no host"),
        ("https://llm.example.com:0/v1", "has port 0"),
        ("https://llm.example.com:65536/v1", "is not a URL"),
        ("https://llm.example.com:x/v1", "is not a URL"),
        ("https://[::1/v1", "is not a URL"),
        ("https://llm.example.com/é", "beyond ASCII behind the host"),
        ("https://169.254.169.254/v1", "metadata address"),
        ("https://169.254.169.254./v1", "metadata address"),
        ("http://\uff11\uff16\uff19.254.169.254/v1", "metadata address"),
        ("http://metadata.google.internal/v1", "metadata address"),
        ("http://metadata/v1", "metadata address"),
        ("https://[fe80::1]/v1", "metadata address"),
        ("https://" + "a" * 70 + ".example/v1", "not a valid domain name"),
        ("https://llm..example.com/v1", "not a valid domain name"),
        ("https://evil\uff3c.example/v1", "not a valid domain name"),
        ("https://llm.example.com/" + "a" * 2000, "2000 are the limit"),
    ],
)
def test_what_no_client_should_call_is_refused_with_the_reason(
    normalise: Callable[[str], str], written: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        normalise(written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "does not start with https://"),
        ("https://llm.example.com/v1?x=1", r"holds '\?' or '#'"),
        ("https://llm.example.com/v1#x", r"holds '\?' or '#'"),
        ("https://llm.example.com/v1/v1", "ends in '/v1/v1'; write the version once: '/v1'"),
    ],
)
def test_what_cannot_be_a_root_is_refused_with_the_reason(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        api_root(written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("https://user:hunter2@llm.example.com/v1", "holds a user name or password"),
        ("https://user:hunter2/@llm.example.com/v1", "is not a URL"),
    ],
)
def test_a_password_in_a_url_is_not_repeated(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        api_root(written)

    assert "hunter2" not in str(caught.value)

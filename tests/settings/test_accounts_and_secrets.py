"""Which TruGen a stack talks to, and what it needs for that. No message ever holds the secret it is about."""

from collections.abc import Callable

import pytest

from tests.settings.conftest import Load, Stack

Problems = Callable[..., list[str]]
KEY = {"trugenApiKey": "tg-0123456789"}
TOKEN = {"llmTokens": {"main": "sk-0123456789"}}


def test_a_stack_says_which_trugen_it_means(problems: Problems, stack: Stack) -> None:
    stack["trugen"] = {"apiUrl": "https://api.trugen.ai/v1", "sandbox": {}}

    assert problems(stack) == [
        "trugen: say either `apiUrl: https://api.trugen.ai/v1` for the real TruGen or `sandbox: {}` for the local one"
    ]


def test_the_real_trugen_needs_a_key(problems: Problems, cloud_stack: Stack) -> None:
    (problem,) = problems(cloud_stack, TOKEN)

    assert problem.startswith("trugenApiKey: is missing: `pulumi config set --secret trugenApiKey`")


@pytest.mark.parametrize("key", ["canary key", "Bearer canary-key", "canary\nkey-canary", "çanary-key", "<canary>"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(
    problems: Problems, cloud_stack: Stack, key: str
) -> None:
    (problem,) = problems(cloud_stack, {"trugenApiKey": key, **TOKEN})

    assert problem.startswith("trugenApiKey: ")
    assert key not in problem


def test_a_key_in_plain_text_counts_as_disclosed(problems: Problems, cloud_stack: Stack) -> None:
    (problem,) = problems(cloud_stack, TOKEN, trugenApiKey="canary-key-1")

    assert "`pulumi config rm trugenApiKey`" in problem
    assert "`pulumi config set --secret trugenApiKey`" in problem
    assert "canary-key-1" not in problem


def test_tokens_in_plain_text_count_as_disclosed(problems: Problems, cloud_stack: Stack) -> None:
    (problem,) = problems(cloud_stack, KEY, llmTokens='{"main": "canary-token-1"}')

    assert "`pulumi config set --secret --path llmTokens.<name of the LLM>`" in problem
    assert "canary-token-1" not in problem


def test_a_real_key_is_never_given_to_a_sandbox(problems: Problems, stack: Stack) -> None:
    """The local stack's passphrase is public: what it encrypts is readable by everybody."""
    (problem,) = problems(stack, KEY)

    assert problem.startswith("trugenApiKey: stands in a stack with a sandbox")


def test_a_hosted_endpoint_needs_its_token(problems: Problems, cloud_stack: Stack) -> None:
    assert problems(cloud_stack, KEY) == [
        (
            "llmTokens.main: is missing, the key of https://llm.example.com/v1:"
            " `pulumi config set --secret --path llmTokens.main`"
        )
    ]


def test_a_token_for_an_llm_that_is_not_there_is_a_slip(problems: Problems, cloud_stack: Stack) -> None:
    assert problems(cloud_stack, {**KEY, "llmTokens": {"main": "sk-0123456789", "mian": "sk-0123456789"}}) == [
        "llmTokens.mian: no LLM is named 'mian'; did you mean 'main'?"
    ]


@pytest.mark.parametrize("token", ["*", "abc*", 'a"\n}', "short"])
def test_a_token_that_a_gateway_reads_as_a_pattern_is_refused(problems: Problems, stack: Stack, token: str) -> None:
    """Caddy's header matcher takes `*` for any token."""
    assert problems(stack, {"llmTokens": {"main": token}}) == [
        (
            "llmTokens.main: needs 32 to 512 letters, digits, '-' or '_':"
            " `pulumi config set --secret --path llmTokens.main`"
        )
    ]


def test_trugen_cannot_call_an_ollama_on_loopback(problems: Problems, cloud_stack: Stack) -> None:
    cloud_stack["llms"]["main"] = {"engine": "ollama", "model": "llama3.2:1b", "port": 20001}

    (problem,) = problems(cloud_stack, KEY)

    assert problem.startswith("llms.main.publicUrl: is missing: TruGen calls the LLM over the internet.")
    assert "127.0.0.1:20001" in problem


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://llm.example.com/v1", "plain http would carry prompts and the token unencrypted"),
        ("https://127.0.0.1/v1", "127.0.0.1 is a loopback, private or reserved address"),
        ("https://127.1/v1", "127.1 is a loopback, private or reserved address"),
        ("https://2130706433/v1", "2130706433 is a loopback, private or reserved address"),
        ("https://0x7f.1/v1", "0x7f.1 is a loopback, private or reserved address"),
        ("https://10.0.0.5/v1", "10.0.0.5 is a loopback, private or reserved address"),
        ("https://[::ffff:127.0.0.1]/v1", "is a loopback, private or reserved address"),
        ("https://[fc00::1]/v1", "is a loopback, private or reserved address"),
        ("https://localhost/v1", "localhost is a name of this network only"),
        ("https://llm.internal/v1", "llm.internal is a name of this network only"),
    ],
)
def test_trugen_cannot_call_what_the_internet_cannot(
    problems: Problems, cloud_stack: Stack, url: str, reason: str
) -> None:
    cloud_stack["llms"]["main"]["baseUrl"] = url

    (problem,) = problems(cloud_stack, {**KEY, **TOKEN})

    assert problem.startswith("llms.main.baseUrl: TruGen cannot call it:")
    assert reason in problem


def test_beside_the_sandbox_an_endpoint_on_this_machine_is_fine(load: Load, stack: Stack) -> None:
    stack["llms"]["main"] = {"engine": "hosted", "baseUrl": "http://127.0.0.1:8000/v1", "model": "m"}

    assert load(stack, TOKEN).llms["main"].model_dump()["base_url"] == "http://127.0.0.1:8000/v1"


def test_trugen_itself_is_not_on_this_machine(problems: Problems, cloud_stack: Stack) -> None:
    cloud_stack["trugen"]["apiUrl"] = "http://127.0.0.1:9000/v1"

    (problem,) = problems(cloud_stack, {**KEY, **TOKEN})

    assert problem.startswith("trugen.apiUrl: is not TruGen:")

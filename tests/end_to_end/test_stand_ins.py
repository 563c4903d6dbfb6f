"""The stand-ins for the servers that run here, held against those: they send nothing that the real ones do not."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from tests.fixtures.real_servers import LITELLM_KEY, MODEL, RealServer, real_llama_cpp
from tests.fixtures.shapes import not_in, shape_of
from tests.fixtures.stand_ins import STAND_INS
from tests.fixtures.stand_ins.stand_in import StandIn

pytestmark = pytest.mark.docker

KEY = "sk-canary-7d20"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
ASKING: Mapping[str, Any] = {
    "max_tokens": 4,
    "messages": [{"role": "user", "content": "Count to ten."}],
}
STREAMING = {**ASKING, "stream": True}
SEEING = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}]
CHATS: Mapping[str, Any] = {
    "an answer": ASKING,
    "a stream": STREAMING,
    "a stream with usage": {**STREAMING, "stream_options": {"include_usage": True}},
    "no messages": {},
}
UNKNOWN_MODEL = {**STREAMING, "model": "no-such-model"}


@pytest.fixture(scope="module")
def locked_llama_cpp() -> Iterator[RealServer]:
    with real_llama_cpp("--api-key", KEY) as server:
        yield server


def differences(real: RealServer, played: StandIn, method: str, path: str, **request: Any) -> list[str]:
    said, played_said = (
        shape_of(requests.request(method, url + path, timeout=60, **request))
        for url in (real.root_url, played.root_url)
    )
    return list(not_in(said, played_said))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def asked(
    real: RealServer, played: StandIn, token: str, model: str, chats: Mapping[str, Any], *paths: str
) -> list[str]:
    """All differences, each behind what was asked."""
    chat = "/v1/chat/completions"
    with played:
        found = {
            what: differences(real, played, "POST", chat, json={"model": model, **body}, headers=bearer(token))
            for what, body in {**CHATS, **chats}.items()
        }
        found["a wrong token"] = differences(
            real, played, "POST", chat, json={"model": model, **STREAMING}, headers=bearer("sk-wrong")
        )
        found["no token"] = differences(real, played, "POST", chat, json={"model": model, **STREAMING})
        for path in ("/v1/models", "/no-such-route", *paths):
            found[path] = differences(real, played, "GET", path, headers=bearer(token))
    return [f"{what}: {fault}" for what, faults in found.items() for fault in faults]


def test_the_one_for_llama_cpp(locked_llama_cpp: RealServer) -> None:
    played = STAND_INS["llama.cpp"](model=MODEL, token=KEY, n_ctx=2048, tools=False)
    chats = {
        "an unknown model": UNKNOWN_MODEL,
        "an image": {**STREAMING, "messages": SEEING},
        "a long prompt": {**STREAMING, "messages": [{"role": "user", "content": "word " * 3000}]},
        "an empty talk": {**STREAMING, "messages": []},
    }

    assert [] == asked(locked_llama_cpp, played, KEY, MODEL, chats, "/health", "/v1/health", "/props")


def test_the_one_for_litellm(litellm: RealServer) -> None:
    # Which keys a chunk has depends on the protocol behind it; the stand-in plays Anthropic's.
    played = STAND_INS["litellm"](model="claude", token=LITELLM_KEY)
    health = ("/health/liveliness", "/health/readiness")

    found = asked(litellm, played, LITELLM_KEY, "claude", {"an unknown model": UNKNOWN_MODEL}, *health)

    assert [] == found


def test_the_one_for_litellm_with_a_dead_upstream(litellm: RealServer) -> None:
    body = {**STREAMING, "model": "dead"}

    with STAND_INS["litellm"](model="dead", token=LITELLM_KEY, upstream_dead=True) as played:
        found = differences(litellm, played, "POST", "/v1/chat/completions", json=body, headers=bearer(LITELLM_KEY))

    assert [] == found


def test_the_one_for_ollama(ollama: RealServer) -> None:
    played = STAND_INS["ollama"](model=MODEL, capabilities=("completion",))
    chats = {"an unknown model": UNKNOWN_MODEL, "an empty talk": {**STREAMING, "messages": []}}

    assert [] == asked(ollama, played, "any", MODEL, chats, "/", "/api/version", "/api/tags", "/api/ps")

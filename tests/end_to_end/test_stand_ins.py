"""Stand-ins beside the real servers they play, where this machine has them: the same requests, the same shapes."""

from typing import Any

import pytest
import requests

from tests.fixtures.openai_shapes import CHUNK, ERROR, deviations
from tests.fixtures.real_servers import LITELLM_KEY, MODEL, RealServer
from tests.fixtures.stand_ins import STAND_INS
from tests.fixtures.stand_ins.client import PNG, Client, Serves

pytestmark = pytest.mark.docker

_IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}]
_FAR_IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a.test/b.png"}}]}]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("llama.cpp", {}),
        pytest.param("ollama", {"before_0_30": True, "capabilities": ("completion",)}, id="ollama"),
        ("litellm", {"token": LITELLM_KEY}),
    ],
)
def test_a_stand_in_looks_like_the_server_it_plays(
    request: pytest.FixtureRequest, name: str, settings: dict[str, Any]
) -> None:
    real: RealServer = request.getfixturevalue(name.replace(".", "_"))
    token = settings.get("token")
    with STAND_INS[name](model=MODEL, **settings) as played:
        assert looks(real, name, token) == looks(played, name, token)


def looks(server: Serves, name: str, token: str | None) -> dict[str, Any]:
    """Keys of chunks and choices, deviations from OpenAI's shapes, and refusals by what was asked."""
    client = Client(server, MODEL, token)
    chunks = client.chunks(max_tokens=8, stream_options={"include_usage": True})
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    answers = {what: client.post(max_tokens=1, **fields) for what, fields in _asked(name).items()}
    if token:
        answers["wrong token"] = Client(server, MODEL, "wrong").post(max_tokens=1)
        answers["no token"] = Client(server, MODEL, None).post(max_tokens=1)
    return {
        "keys of chunks": {key for chunk in chunks for key in chunk},
        "keys of choices": {frozenset(choice) for choice in choices},
        "deviations": {off for chunk in chunks for off in deviations(chunk, CHUNK)},
        "ends": [choice["finish_reason"] for choice in choices if choice.get("finish_reason")],
        "usage": [chunk["choices"] for chunk in chunks if chunk.get("usage")],
        "refusals": {what: _refusal(answer) for what, answer in answers.items()},
        "models": _keys(client.get("/v1/models").json()),
    }


def _asked(name: str) -> dict[str, dict[str, Any]]:
    asked: dict[str, dict[str, Any]] = {"unknown model": {"model": "nobody-knows"}, "no messages": {"messages": None}}
    if name == "litellm":
        return asked  # the rest is for its upstream to say
    return {
        **asked,
        "no message": {"messages": []},
        "image": {"messages": _IMAGE},
        "far image": {"messages": _FAR_IMAGE},
    }


def _refusal(answer: requests.Response) -> tuple[int, Any]:
    if answer.status_code == 200:
        return 200, None
    try:
        fields = answer.json()
    except ValueError:
        return answer.status_code, answer.text
    return answer.status_code, (sorted(fields["error"]), sorted(deviations(fields, ERROR)))


def _keys(models: dict[str, Any]) -> set[str]:
    return {"object", "data"} & set(models) | {"id", "object"} & set(models["data"][0])

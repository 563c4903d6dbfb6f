"""Say one sentence to an agent of the sandbox and show the answer as it streams in."""

import json
from collections.abc import Iterator
from typing import Any

import requests

from components.llm.gate.sse import Event, SseParser

_ANSWER_LIMIT_S = 120.0


class SayError(Exception):
    """The agent gave no answer; the text says why and what to type next."""


def say(sandbox_url: str, api_key: str, agent_id: str, text: str) -> Iterator[str]:
    """
    Yield each piece of the answer as it arrives.

    Args:
        sandbox_url: API root of the sandbox, `http://127.0.0.1:<port>/v1`.

    Raises:
        SayError: The sandbox or the model refused or broke off.
    """
    url = f"{sandbox_url.removesuffix('/v1')}/sandbox/agents/{agent_id}/say"
    try:
        with requests.post(
            url, json={"text": text}, headers={"x-api-key": api_key}, stream=True, timeout=(5, _ANSWER_LIMIT_S)
        ) as response:
            if not response.ok:
                raise SayError(f"The agent did not answer: {response.json()['error']}\n  Look closer: make doctor")
            for event in _events(response):
                data = json.loads(event.data)
                if event.type == "error":
                    raise SayError(f"The answer broke off: {data['error']}\n  Look closer: make doctor")
                yield _text(data)
    except requests.RequestException as error:
        raise SayError(
            f"The sandbox at {sandbox_url} does not answer: {type(error).__name__}\n  Run: make up"
        ) from None


def _events(response: requests.Response) -> Iterator[Event]:
    parser = SseParser()
    for read in response.iter_content(chunk_size=None):
        yield from (event for event in parser.feed(read) if event.data != "[DONE]")


def _text(chunk: dict[str, Any]) -> str:
    choices = chunk.get("choices") or [{}]
    return choices[0].get("delta", {}).get("content") or ""

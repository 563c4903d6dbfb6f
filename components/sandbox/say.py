"""
POST /sandbox/agents/{id}/say: have an agent's LLM answer one sentence, called as TruGen calls it.

The request is the one of TruGen's guide docs/resources/byo-llm: `POST {url}/chat/completions` with the bearer token,
`stream: true`, the model, the persona prompt as system message, and the attached tools. `url` is used to the letter,
since what TruGen does with a trailing slash is unknown. The frames are passed through unchanged as they arrive
(text/event-stream). A stream that breaks off or lacks `data: [DONE]` is followed by a frame `event: error` whose data
is `{"error": "<text>"}`. Before the first frame, errors are JSON: `{"error", "cause"}` with cause no_external_llm
(409), or unreachable, refused, no_stream (502).

TruGen trusts public certificate authorities. For an LLM that makes its own, which no TruGen could call, an option names
a folder: its file `<host>:<port>.pem`, if there is one, holds all that is trusted there.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from starlette.responses import Response, StreamingResponse
from urllib3.exceptions import HTTPError

from components.sandbox.agent_models import NotEmpty
from components.sandbox.agents import AGENTS
from components.sandbox.calls import Call, RefusedError, Wire
from components.sandbox.store import Json

_CONNECT_S = 5.0
_SILENCE_S = 120.0
"""Longest pause between two bytes: a CPU may load a model for a minute before its first token."""

_ANSWER_SHOWN_CHARS = 300
_EVENT_STREAM = "text/event-stream"
_HTTPS_PORT = 443
_TLS_ADVICE = (
    "TruGen would not trust it either. If it is that of a gateway with `internal: true`, fetch its authority again by"
    " `pulumi up`; else give it a certificate of a public authority."
)


class Say(Wire):
    text: NotEmpty


class _Bearer(AuthBase):
    """As `auth=`, because requests would let a netrc entry replace a plain Authorization header."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True)
class _Llm:
    model: str
    url: str
    token: str

    @property
    def endpoint(self) -> str:
        return f"{self.url}/chat/completions"

    def refusal(self, cause: str, text: str) -> RefusedError:
        """502 with a machine-readable *cause*; whatever the endpoint said, its token is not repeated."""
        return RefusedError(502, {"error": text.replace(self.token, "[token]"), "cause": cause})


def say(call: Call) -> Response:
    text = call.parse(Say).text
    agent = AGENTS.find(call).document
    llm = _external_llm(call, agent)
    answer = _ask(llm, _request_body(call, agent, llm.model, text), call.authorities)
    return StreamingResponse(_frames(llm, answer), media_type=_EVENT_STREAM)


def _external_llm(call: Call, agent: Json) -> _Llm:
    llm = agent["avatars"][0]["config"]["llm"] if agent["avatars"] else {"provider": "none", "model": "none"}
    if llm["provider"] != "custom":
        text = (
            f"Agent {call.id} has no LLM of its own: it runs on {llm['provider']} / {llm['model']}. This sandbox "
            f"reads the {call.behaviour.placement} placement; an llm block anywhere else was dropped when the agent "
            "was written."
        )
        raise RefusedError(409, {"error": text, "cause": "no_external_llm"})
    return _Llm(llm["model"], llm["url"], llm["token"])


def _request_body(call: Call, agent: Json, model: str, text: str) -> Json:
    prompt = agent["avatars"][0]["persona_prompt"]
    system = [{"role": "system", "content": prompt}] if prompt else []
    stored = [call.store.find("tool", ref["id"]) for ref in agent["tool"]]
    tools = [{"type": "function", "function": _function(tool.document["schema"])} for tool in stored if tool]
    body = {"model": model, "messages": [*system, {"role": "user", "content": text}], "stream": True}
    return {**body, "tools": tools} if tools else body


def _function(schema: Json) -> dict[str, Any]:
    return {key: schema[key] for key in ("name", "description", "parameters") if key in schema}


def _ask(llm: _Llm, body: Json, authorities: Path | None) -> requests.Response:
    with requests.Session() as session:
        # TruGen calls from its own network: the proxy and netrc settings of this machine do not apply.
        session.trust_env = False
        try:
            answer = session.post(
                llm.endpoint,
                json=body,
                auth=_Bearer(llm.token),
                headers={"Accept": _EVENT_STREAM},
                stream=True,
                verify=_trusted(llm.url, authorities),
                allow_redirects=False,
                timeout=(_CONNECT_S, _SILENCE_S),
            )
        except requests.exceptions.SSLError as error:
            text = f"POST {llm.endpoint} got no answer: {error}. {_TLS_ADVICE}"
            raise llm.refusal("unreachable", text) from None
        except (requests.RequestException, UnicodeError) as error:
            text = f"POST {llm.endpoint} got no answer: {error}"
            raise llm.refusal("unreachable", text) from None
    content_type = answer.headers.get("Content-Type", "")
    if answer.status_code != requests.codes.ok or not content_type.startswith(_EVENT_STREAM):
        with answer:
            raise _refused(llm, answer, content_type)
    return answer


def _trusted(url: str, authorities: Path | None) -> str | bool:
    """A file of CA certificates; True for the public ones."""
    if authorities is None:
        return True
    parts = urlsplit(url)
    own = authorities / f"{parts.hostname}:{parts.port or _HTTPS_PORT}.pem"
    return str(own) if own.is_file() else True


def _refused(llm: _Llm, answer: requests.Response, content_type: str) -> RefusedError:
    said = _first_bytes(answer).decode(errors="replace")[:_ANSWER_SHOWN_CHARS]
    if answer.status_code != requests.codes.ok:
        return llm.refusal("refused", f"POST {llm.endpoint} was refused: HTTP {answer.status_code} {said}")
    kind = content_type or "no content type"
    return llm.refusal("no_stream", f"POST {llm.endpoint} does not stream: {kind} instead of {_EVENT_STREAM}: {said}")


def _first_bytes(answer: requests.Response) -> bytes:
    try:
        return next(answer.iter_content(_ANSWER_SHOWN_CHARS * 4), b"")
    except requests.RequestException:
        return b""


def _frames(llm: _Llm, answer: requests.Response) -> Iterator[bytes]:
    tail = b""
    try:
        with answer:
            # read1 hands over what has arrived; iter_content would wait for the end of a stream that is not chunked.
            while piece := answer.raw.read1(decode_content=True):
                tail = (tail + piece)[-64:]
                yield piece
    except (HTTPError, OSError) as error:
        yield _error_frame(llm, f"the stream broke off: {error}")
        return
    if b"data: [DONE]" not in tail and b"data:[DONE]" not in tail:
        yield _error_frame(llm, "the stream ended without `data: [DONE]`")


def _error_frame(llm: _Llm, text: str) -> bytes:
    message = f"POST {llm.endpoint}: {text}".replace(llm.token, "[token]")
    return f"\n\nevent: error\ndata: {json.dumps({'error': message})}\n\n".encode()

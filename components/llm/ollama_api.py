"""The part of Ollama's own HTTP API that puts models on a server. Source: ollama/ollama at v0.24.0, docs/api.md."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from components.llm.model_name import ModelName

_CONNECT_S = 5.0
_ANSWER_S = 30.0
_BODY_CAP_BYTES = 8 * 2**20
_LINE_CAP_BYTES = 2**20
_ERROR_CHARS = 400


class OllamaError(Exception):
    """Ollama answered, and refused; the text is its own words."""


class OllamaUnreachableError(Exception):
    """No answer, or an answer that broke off: the server starts, restarts, or is gone."""


@dataclass(frozen=True)
class StoredModel:
    """A model on the server's disk; *digest* is that of its manifest."""

    digest: str
    size_bytes: int


class OllamaApi:
    """
    One server at *api_url* (without `/v1`); *silence_s* limits the gap between two lines of a long answer.

    *token* is what a door in front of it expects.
    """

    def __init__(self, api_url: str, *, token: str | None = None, silence_s: float = _ANSWER_S) -> None:
        self._api_url = api_url
        self._silence_s = silence_s
        self._session = requests.Session()
        # A proxy from the environment is for the internet, not for a container on loopback.
        self._session.trust_env = False
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def version(self) -> str:
        return str(self._json("/api/version")["version"])

    def models(self) -> dict[ModelName, StoredModel]:
        """Complete models only: Ollama writes a manifest after the last byte."""
        listed = self._json("/api/tags")["models"]
        return {ModelName.parse(one["name"]): StoredModel(one["digest"], one["size"]) for one in listed}

    def pull(self, model: str) -> Iterator[Mapping[str, Any]]:
        """Progress lines: `status`; for a layer also `digest`, `total` and, from the second on, `completed` (bytes)."""
        return self._lines("/api/pull", {"model": model})

    def has_blob(self, sha256: str) -> bool:
        with self._send("HEAD", f"/api/blobs/sha256:{sha256}", timeout_s=_ANSWER_S) as response:
            return response.ok

    def upload(self, path: Path, sha256: str, sent: Callable[[int], None]) -> None:
        """Store *path* as a blob; *sent* is told the number of bytes sent so far."""
        with (
            _Counted(path, sent) as body,
            self._send("POST", f"/api/blobs/sha256:{sha256}", data=body, timeout_s=self._silence_s) as response,
        ):
            _refuse(response)

    def create(self, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Make a model out of blobs; progress lines hold a `status`."""
        return self._lines("/api/create", body)

    def delete(self, model: str) -> None:
        """Remove *model*; one that is not there is removed already."""
        with self._send("DELETE", "/api/delete", data=json.dumps({"model": model}), timeout_s=_ANSWER_S) as response:
            if response.status_code != requests.codes.not_found:
                _refuse(response)

    def _json(self, path: str) -> dict[str, Any]:
        with self._send("GET", path, timeout_s=_ANSWER_S) as response:
            _refuse(response)
            try:
                return dict(json.loads(_body(response)))
            except ValueError:
                raise OllamaUnreachableError(f"{self._api_url}{path} answered something that is not Ollama's") from None

    def _lines(self, path: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """
        Yield the lines of a long answer up to `success`.

        An error is a line too, under HTTP 200; an answer that ends in anything but `success` was cut.
        """
        with self._send("POST", path, data=json.dumps(body), timeout_s=self._silence_s) as response:
            _refuse(response)
            status = "nothing"
            for line in _split_lines(response):
                event = dict(json.loads(line))
                if "error" in event:
                    raise OllamaError(str(event["error"])[:_ERROR_CHARS])
                status = str(event.get("status", status))
                yield event
        if status != "success":
            raise OllamaUnreachableError(f"{self._api_url}{path} broke off after {status!r}")

    def _send(
        self, method: str, path: str, *, timeout_s: float, data: str | io.RawIOBase | None = None
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                f"{self._api_url}{path}",
                data=data,
                stream=True,
                allow_redirects=False,
                timeout=(_CONNECT_S, timeout_s),
            )
        except requests.RequestException as error:
            raise OllamaUnreachableError(f"{self._api_url} does not answer: {_innermost(error)}") from None


class _Counted(io.FileIO):
    def __init__(self, path: Path, sent: Callable[[int], None]) -> None:
        super().__init__(path)
        self._sent = sent

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(-1 if size is None else size) or b""
        self._sent(self.tell())
        return block


def _refuse(response: requests.Response) -> None:
    if response.ok:
        return
    text = _body(response)[:_ERROR_CHARS].decode(errors="replace")
    try:
        text = str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        text = text or response.reason
    raise OllamaError(f"HTTP {response.status_code}: {text}")


def _body(response: requests.Response) -> bytes:
    try:
        body: bytes = response.raw.read(_BODY_CAP_BYTES, decode_content=True)
    except (requests.RequestException, OSError) as error:
        raise OllamaUnreachableError(f"the answer broke off: {error}") from None
    return body


def _split_lines(response: requests.Response) -> Iterator[bytes]:
    rest = b""
    try:
        for block in response.iter_content(None):
            *lines, rest = (rest + block).split(b"\n")
            yield from (line for line in lines if line.strip())
            if len(rest) > _LINE_CAP_BYTES:
                raise OllamaError(f"sent a line of more than {_LINE_CAP_BYTES} bytes")
    except requests.RequestException as error:
        raise OllamaUnreachableError(f"the answer broke off: {_innermost(error)}") from None
    if rest.strip():
        yield rest


def _innermost(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__

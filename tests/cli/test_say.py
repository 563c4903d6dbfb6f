from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from components.cli.say import SayError, say
from tests.fixtures.http_server import serving

HELLO = [
    b'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n',
    b'data: {"choices": [{"delta": {"content": "Gr\xc3',
    b'\xbc\xc3\x9f dich"}}]}\n\ndata: {"choices": []}\n\ndata: [DONE]\n\n',
]


@contextmanager
def answering(status: int, content_type: str, pieces: list[bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}/v1"


def test_the_pieces_of_an_answer_come_as_text() -> None:
    with answering(200, "text/event-stream", HELLO) as url:
        assert "".join(say(url, "key", "agent-1", "Hallo")) == "Grüß dich"


def test_an_answer_that_breaks_off_says_why() -> None:
    broken = [*HELLO[:2], b'x"}}]}\n\n', b'event: error\ndata: {"error": "the model went away"}\n\n']

    with answering(200, "text/event-stream", broken) as url, pytest.raises(SayError, match="the model went away"):
        list(say(url, "key", "agent-1", "Hallo"))


def test_a_refusal_is_shown_in_the_sandbox_own_words() -> None:
    refusal = [b'{"error": "Agent agent-1 has no LLM of its own"}']

    with answering(409, "application/json", refusal) as url, pytest.raises(SayError, match="has no LLM of its own"):
        list(say(url, "key", "agent-1", "Hallo"))


def test_a_sandbox_that_is_not_there_names_the_command_to_start_it() -> None:
    with pytest.raises(SayError, match="Run: make up"):
        list(say("http://127.0.0.1:9/v1", "key", "agent-1", "Hallo"))

"""The real Caddy on our configuration: what one caller may take from all the others."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.fixtures.paced_stream import PacedStream
from tests.fixtures.raw_http import rest_of
from tests.fixtures.real_caddy import TOKEN, RealCaddy, real_caddy
from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Asked, Connection

CHAT = "/v1/chat/completions"
MOST_BYTES = 20_000
SHORTER = {"read_header 10s": "read_header 300ms", "read_body 60s": "read_body 300ms", "idle 2m": "idle 300ms"}
"""Limits that a test can wait for."""


def reads_all(connection: Connection, asked: Asked) -> None:
    """Never answers a body whose end it does not see, as any server of chunked bodies."""
    if "transfer-encoding" in asked.headers:
        for _ in connection.until_gone():
            pass
    answer(200, {"received": len(asked.body)})(connection, asked)


@pytest.fixture(scope="module")
def caddy() -> Iterator[RealCaddy]:
    with ScriptedServer(lambda _: reads_all) as upstream, real_caddy(upstream.port, maxBody=MOST_BYTES) as caddy:
        yield caddy


def test_the_largest_body_passes(caddy: RealCaddy) -> None:
    assert caddy.call("POST", CHAT, data=b"x" * MOST_BYTES).json() == {"received": MOST_BYTES}


def in_chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1000):
        yield b"x" * 1000


@pytest.mark.parametrize("body", [lambda: b"x" * (MOST_BYTES + 1), lambda: in_chunks(MOST_BYTES + 1000)])
def test_a_larger_body_is_refused_with_and_without_a_length(caddy: RealCaddy, body: Callable[[], object]) -> None:
    response = caddy.call("POST", CHAT, data=body())

    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")


def test_a_stranger_is_refused_before_a_body_is_read(caddy: RealCaddy) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n"

    with socket.create_connection(("127.0.0.1", caddy.port), timeout=30) as sock:
        sock.sendall(head.encode())

        assert sock.recv(12) == b"HTTP/1.1 401"


def test_headers_beyond_the_limit_are_refused(caddy: RealCaddy) -> None:
    # Go takes 4 KiB more than it is told.
    assert caddy.get("/v1/models", headers={"X-Large": "x" * 21_000}).status_code == 431
    assert caddy.get("/v1/models", headers={"X-Large": "x" * 15_000}).status_code == 200


def test_more_requests_than_allowed_are_told_to_come_again_in_a_second() -> None:
    streams = [PacedStream(), PacedStream()]
    acts = iter([*(stream.act for stream in streams), answer(200, {})])
    with ScriptedServer(lambda _: next(acts)) as upstream, real_caddy(upstream.port, maxConcurrent=2) as caddy:
        open_ones = []
        for stream in streams:
            said = stream.say("0")
            pieces = caddy.call("POST", CHAT, data=b"{}", stream=True).iter_content(chunk_size=None)
            assert next(pieces) == said
            open_ones.append(pieces)

        refused = caddy.call("POST", CHAT, data=b"{}")

        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["error"]["code"] == "too_many_requests"
        assert caddy.get("/v1/models", token="wrong").status_code == 401
        for stream, pieces in zip(streams, open_ones, strict=True):
            stream.end()
            assert list(pieces) == []
        caddy.logged(lambda line: '"status":429' in line)
        assert len(upstream.asked) == 2


def test_a_place_is_free_again_after_a_request() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, maxConcurrent=1) as caddy:
        # Not before: Caddy counts it for a moment after its client has seen the end.
        for _ in range(20):
            assert 200 in (caddy.get("/v1/models").status_code for _ in range(1000))


@pytest.mark.parametrize("status", [400, 429, 500, 502, 503, 504])
def test_what_an_engine_says_is_passed_on_as_it_is(status: int) -> None:
    said = answer(status, {"error": {"message": "Loading model"}}, **{"Retry-After": "7"})
    with ScriptedServer(lambda _: said) as upstream, real_caddy(upstream.port) as caddy:
        response = caddy.call("POST", CHAT, data=b"{}")

    assert (response.status_code, response.headers["Retry-After"]) == (status, "7")
    assert response.json() == {"error": {"message": "Loading model"}}


def test_without_a_relay_the_answer_is_an_error_that_names_no_address() -> None:
    upstream = ScriptedServer(lambda _: answer(200, {}), closed=True)
    with upstream, real_caddy(upstream.port) as caddy:
        response = caddy.call("POST", CHAT, data=b"{}")

    assert (response.status_code, response.json()["error"]["code"]) == (502, "bad_gateway")
    assert str(upstream.port) not in response.text
    assert response.headers["Content-Type"] == "application/json"


ATTACKS = {
    "a head without end": f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nX-A:",
    "a body without end": f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    "Content-Length: 10\r\n\r\n{",
    "a stranger's body without end": f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{{",
    "nothing at all": "",
    "nothing after a request": f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_connection_that_says_nothing_is_closed_while_a_slow_stream_lives(attack: str) -> None:
    stream = PacedStream()
    acts = iter([stream.act])
    with (
        ScriptedServer(lambda _: next(acts, answer(200, {}))) as upstream,
        real_caddy(upstream.port, shorter=SHORTER) as caddy,
    ):
        first = stream.say("before")
        pieces = caddy.call("POST", CHAT, data=b"{}", stream=True).iter_content(chunk_size=None)
        assert next(pieces) == first

        with socket.create_connection(("127.0.0.1", caddy.port), timeout=30) as silent:
            silent.sendall(attack.encode())
            rest_of(silent)

        assert stream.say("after") == next(pieces)
        stream.end()
        assert list(pieces) == []

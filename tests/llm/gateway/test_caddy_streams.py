"""The real Caddy on our configuration: streams, and what may change under them."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from tests.fixtures.http2 import stream_over_http2
from tests.fixtures.paced_stream import PacedStream
from tests.fixtures.real_caddy import ENGINE_KEY, HOSTNAME, ROUTES, TOKEN, RealCaddy, real_caddy
from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Asked, Connection

CHAT = "/v1/chat/completions"


@pytest.fixture
def stream() -> PacedStream:
    return PacedStream()


def pieces_of(caddy: RealCaddy, size: int | None = None) -> Iterator[bytes]:
    """The body as it arrives, or in pieces of *size*."""
    response = caddy.call("POST", CHAT, data=b"{}", stream=True)
    assert response.status_code == 200
    pieces: Iterator[bytes] = response.iter_content(chunk_size=size)
    return pieces


def test_each_event_arrives_before_the_next_is_sent(stream: PacedStream) -> None:
    with ScriptedServer(lambda _: stream.act) as upstream, real_caddy(upstream.port) as caddy:
        first = stream.say("0")
        pieces = pieces_of(caddy)
        assert next(pieces) == first
        for number in range(1, 20):
            assert stream.say(str(number)) == next(pieces)
        stream.end()

        assert list(pieces) == []


def test_each_event_arrives_before_the_next_is_sent_over_http_2(stream: PacedStream) -> None:
    tls = {"hostname": HOSTNAME, "certificate": "c.pem", "key": "k.pem"}
    with ScriptedServer(lambda _: stream.act) as upstream, real_caddy(upstream.port, tls=tls) as caddy:
        first = stream.say("0")
        pieces = stream_over_http2(caddy.tls_port, HOSTNAME, "/v1/models", f"Bearer {TOKEN}")
        assert next(pieces) == first
        for number in range(1, 20):
            assert stream.say(str(number)) == next(pieces)
        stream.end()

        assert b"".join(pieces) == b""


def test_each_request_has_a_connection_of_its_own_which_nobody_can_close_too_early() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port) as caddy:
        caddy.get("/v1/models")

    assert upstream.asked[0].headers["connection"] == "close"


def test_an_answer_of_known_length_arrives_as_it_is_sent_too() -> None:
    seen = threading.Event()

    def in_halves(connection: Connection, _asked: Asked) -> None:
        connection.head(200, {"Content-Type": "application/json", "Content-Length": "4"})
        connection.send(b"[1")
        assert seen.wait(30)
        connection.send(b",]")

    with ScriptedServer(lambda _: in_halves) as upstream, real_caddy(upstream.port) as caddy:
        pieces = pieces_of(caddy, size=2)
        first = next(pieces)
        seen.set()

        assert (first, list(pieces)) == (b"[1", [b",]"])


def test_a_client_that_leaves_is_gone_for_the_engine_too(stream: PacedStream) -> None:
    with ScriptedServer(lambda _: stream.act_until_gone) as upstream, real_caddy(upstream.port) as caddy:
        said = stream.say("0")
        response = caddy.call("POST", CHAT, data=b"{}", stream=True)
        assert next(response.iter_content(chunk_size=None)) == said

        response.close()

        assert stream.gone.wait(30)


def test_nothing_is_compressed_and_the_engine_sees_the_key_of_engines_and_no_token(stream: PacedStream) -> None:
    with ScriptedServer(lambda _: stream.act) as upstream, real_caddy(upstream.port) as caddy:
        stream.say("x" * 5000)
        stream.end()
        response = caddy.get("/v1/models", headers={"Accept-Encoding": "gzip, zstd", "Cookie": "a=b"})

    (asked,) = upstream.asked
    assert "Content-Encoding" not in response.headers
    assert "accept-encoding" not in asked.headers
    assert asked.headers["authorization"] == f"Bearer {ENGINE_KEY}"
    assert TOKEN not in str(asked)


@pytest.mark.parametrize(
    "headers", [{}, {"Trugen-Routes": "evil"}, {"trugen-routes": "evil", "Connection": "close, Trugen-Routes"}]
)
def test_the_relay_is_told_the_routes_of_the_file_and_never_a_clients(headers: dict[str, str]) -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port) as caddy:
        caddy.get("/v1/models", headers=headers)
        caddy.write("routes.json", ROUTES.replace("engine-a", "engine-b"))
        caddy.get("/v1/models", headers=headers)
        (caddy.folder / "routes.json").unlink()
        caddy.get("/v1/models", headers=headers)

    told = [asked.headers["trugen-routes"] for asked in upstream.asked]
    assert told == [ROUTES, ROUTES.replace("engine-a", "engine-b"), ""]


def test_no_request_is_refused_while_the_token_is_replaced() -> None:
    tokens = [f"canary-token-{number}" for number in range(20)]
    with (
        ScriptedServer(lambda _: answer(200, {})) as upstream,
        real_caddy(upstream.port) as caddy,
        ThreadPoolExecutor() as pool,
    ):
        caddy.write("token", tokens[0])
        for old, new in pairwise(tokens):
            asking = [pool.submit(caddy.get, "/v1/models", token=old) for _ in range(8)]
            # Docker puts a file into a container in two steps, between which there is none.
            for name, content in (("previous-token", old), ("token", new)):
                (caddy.folder / name).unlink()
                (caddy.folder / name).write_text(content)

            assert {future.result().status_code for future in asking} == {200}
            assert {caddy.get("/v1/models", token=token).status_code for token in (old, new)} == {200}

        caddy.write("previous-token", "")
        assert [caddy.get("/v1/models", token=token).status_code for token in (old, new)] == [401, 200]


def test_a_reload_with_other_limits_breaks_no_stream(stream: PacedStream) -> None:
    with ScriptedServer(lambda _: stream.act) as upstream, real_caddy(upstream.port, maxConcurrent=1) as caddy:
        first = stream.say("before")
        pieces = pieces_of(caddy)
        assert next(pieces) == first
        assert caddy.get("/v1/models").status_code == 429

        caddy.configure(maxConcurrent=2)
        caddy.reload()

        assert stream.say("after") == next(pieces)
        stream.end()
        assert list(pieces) == []

import json
import threading
from http.client import HTTPResponse, IncompleteRead
from typing import Any

import pytest

from tests.fixtures.relay_process import COMMENT, LIMIT_S, live, relaying
from tests.fixtures.scripted_llm import COUNTING, ScriptedLlm, answer, raw_answer, refuse, reset, stream
from tests.fixtures.scripted_socket import Act, Asked, Connection

SHORT_S = 0.05
STREAM = {"model": "m", "stream": True}
EVENTS = b"".join(COUNTING)


class Held:
    """An act that waits, before it answers, for the test to let it go."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._go = threading.Event()

    def __call__(self, connection: Connection, asked: Asked) -> None:
        self.wait()
        self._act(connection, asked)

    def wait(self) -> None:
        assert self._go.wait(LIMIT_S), "the test never let the engine go on"

    def go(self) -> None:
        self._go.set()


def in_pieces(held: Held, *pieces: bytes, kind: str = "text/event-stream") -> Act:
    """An answer whose pieces after the first wait to be let go."""

    def act(connection: Connection, _: Asked) -> None:
        connection.head(200, {"Content-Type": kind, "Transfer-Encoding": "chunked"})
        first, *others = pieces
        if first:
            connection.chunk(first)
        held.wait()
        for piece in others:
            connection.chunk(piece)
        connection.chunk(b"")

    return act


def comments(response: HTTPResponse, count: int = 2) -> None:
    for _ in range(count):
        assert response.readline() + response.readline() == COMMENT


def read(response: HTTPResponse, expected: bytes) -> None:
    """Read *expected*; comments may come before, as a busy machine makes silences of its own."""
    received = b""
    while without_comments(received) != expected:
        piece = response.read(1)
        assert piece, received
        received += piece


def without_comments(received: bytes) -> bytes:
    return received.replace(COMMENT, b"")


def test_a_silent_engine_is_covered_by_comments_from_before_its_head_to_its_first_event() -> None:
    held = Held(stream())
    with ScriptedLlm([held]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post(STREAM, live(llm))
        assert response.status == 200
        assert response.getheader("Content-Type") == "text/event-stream"
        assert response.getheader("Cache-Control") == "no-cache"
        comments(response)
        held.go()
        assert without_comments(response.read()) == EVENTS


def test_an_engine_that_has_sent_its_head_alone_is_covered_too() -> None:
    held = Held(stream())
    with ScriptedLlm([in_pieces(held, b"", *COUNTING)]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post({"model": "no stream is asked for, one is given"}, live(llm))
        comments(response)
        held.go()
        assert without_comments(response.read()) == EVENTS


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n"], ids=repr)
def test_between_two_events_a_silence_is_broken_by_comments(end: bytes) -> None:
    held = Held(stream())
    first, second = b"data: 1" + end, b"data: 2" + end
    with ScriptedLlm([in_pieces(held, first, second)]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post(STREAM, live(llm))
        read(response, first)
        comments(response)
        held.go()
        assert without_comments(response.read()) == second


def test_an_event_end_in_two_pieces_is_an_event_end() -> None:
    held = Held(stream())

    def act(connection: Connection, _: Asked) -> None:
        connection.head(200, {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"})
        for piece in (b"data: 1", b"\r", b"\n", b"\r", b"\n"):
            connection.chunk(piece)
        held.wait()
        connection.chunk(b"")

    with ScriptedLlm([act]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post(STREAM, live(llm))
        read(response, b"data: 1\r\n\r\n")
        comments(response)
        held.go()
        assert without_comments(response.read()) == b""


@pytest.mark.parametrize(
    "first",
    [b"data: 1", b"data: 1\n", b"data: 1\r\n", b"data: 1\r", b"data: \xf0\x9f", b"\xf0", b"\n\ndata:"],
    ids=repr,
)
def test_within_an_event_no_comment_is_written_however_long_the_silence(first: bytes) -> None:
    held = Held(stream())
    with ScriptedLlm([in_pieces(held, first, b"rest\n\n")]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post({}, live(llm))
        read(response, first)
        relay.wait_out_a_silence()
        held.go()
        assert response.read() == b"rest\n\n"


def test_after_a_silence_within_an_event_comments_come_back_with_its_end() -> None:
    held, again = Held(stream()), Held(stream())

    def act(connection: Connection, _: Asked) -> None:
        connection.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        connection.chunk(b"data: ")
        held.wait()
        connection.chunk(b"1\n\n")
        again.wait()
        connection.chunk(b"")

    with ScriptedLlm([act]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post({}, live(llm))
        read(response, b"data: ")
        relay.wait_out_a_silence()
        held.go()
        read(response, b"1\n\n")
        comments(response)
        again.go()


def test_an_engine_that_speaks_in_time_gets_no_comment() -> None:
    with ScriptedLlm([stream()]) as llm, relaying() as relay:
        assert COMMENT not in relay.post(STREAM, live(llm)).read()


def test_an_answer_that_is_no_event_stream_gets_no_comment_however_slow() -> None:
    held = Held(stream())
    first = b'{"a":\n\n'  # ends like an event
    pieces = in_pieces(held, first, b"1}", kind="application/json")
    with ScriptedLlm([pieces]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post({}, live(llm))
        read(response, first)
        relay.wait_out_a_silence()
        held.go()
        assert response.read() == b"1}"


@pytest.mark.parametrize(
    "body",
    [{}, {"stream": False}, {"stream": None}, {"stream": 1}, {"stream": "true"}, {"messages": {"stream": True}}, []],
    ids=repr,
)
def test_who_asks_for_no_stream_waits_for_the_engines_own_head(body: Any) -> None:
    held = Held(refuse(503, "loading"))
    with ScriptedLlm([held]) as llm, relaying(keep_alive_s=SHORT_S) as relay, relay.asking(body, live(llm)) as late:
        relay.wait_out_a_silence()
        held.go()
        response = late.getresponse()
        assert response.status == 503
        assert json.loads(response.read())["error"]["message"] == "loading"


def test_an_engine_that_refuses_in_time_is_quoted_with_its_status_and_fields() -> None:
    act = refuse(429, "busy", Retry_After="7")
    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        assert (response.status, response.getheader("Retry-After")) == (429, "7")
        assert response.getheader("Content-Type") == "application/json"
        assert json.loads(response.read())["error"]["message"] == "busy"


def _error_after_comments(act: Act) -> dict[str, Any]:
    held = Held(act)
    with ScriptedLlm([held]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post(STREAM, live(llm))
        comments(response)
        held.go()
        event = without_comments(response.read())
        assert event.startswith(b"data: ")
        assert event.endswith(b"\n\n")
        assert event.count(b"\n") == 2
        assert relay.in_flight() == {}
        error: dict[str, Any] = json.loads(event.removeprefix(b"data: "))["error"]
        return error


def test_a_refusal_after_the_first_comment_becomes_the_last_event() -> None:
    assert _error_after_comments(refuse(500, "out of\nmemory")) == {
        "message": "out of\nmemory",
        "type": "server_error",
        "param": None,
        "code": "upstream_error",
    }


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (raw_answer(500, b"Internal\nServer \xff Error"), "Internal\nServer \N{REPLACEMENT CHARACTER} Error"),
        (answer(400, {"detail": "x"}), '{"detail": "x"}'),
        (answer(400, ["x"]), '["x"]'),
        (answer(400, {"error": "x"}), '{"error": "x"}'),
        (raw_answer(502, b""), "The model server answered 502 and said nothing."),
        (answer(200, {"choices": []}), '{"choices": []}'),
    ],
    ids=["text", "another shape", "a list", "a string", "nothing", "no stream"],
)
def test_whatever_shape_a_late_refusal_has_it_is_quoted(act: Act, message: str) -> None:
    assert _error_after_comments(act)["message"] == message


def test_a_late_refusal_is_quoted_in_part_when_it_is_long() -> None:
    assert _error_after_comments(refuse(500, "x" * 5000))["message"] == "x" * 1000


def _endless(connection: Connection, _: Asked) -> None:
    connection.head(500, {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"})
    while not connection.stopped.is_set():
        connection.chunk(b"x" * 10_000)


def test_a_late_refusal_without_end_is_cut_off() -> None:
    assert _error_after_comments(_endless)["message"] == "x" * 1000


def _cut(connection: Connection, _: Asked) -> None:
    connection.head(500, {"Content-Type": "text/plain", "Content-Length": "1000"})
    connection.send(b"out of mem")


def test_a_late_refusal_that_breaks_off_is_quoted_as_far_as_it_came() -> None:
    assert _error_after_comments(_cut)["message"] == "out of mem"


def test_an_engine_that_dies_after_the_first_comment_is_told_as_an_event() -> None:
    error = _error_after_comments(reset)
    assert error["code"] == "bad_gateway"
    assert error["message"] == "The model server broke off before it answered."


def test_an_engine_that_dies_in_a_stream_covered_by_comments_breaks_it_off() -> None:
    held = Held(stream(*COUNTING[:2], end=False))
    with ScriptedLlm([held]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        response = relay.post(STREAM, live(llm))
        comments(response)
        held.go()
        with pytest.raises((IncompleteRead, ConnectionResetError)):
            response.read()


def test_a_client_that_leaves_during_the_comments_ends_the_generation() -> None:
    left = threading.Event()

    def act(connection: Connection, _: Asked) -> None:
        for _none in connection.until_gone():
            pass
        left.set()

    with ScriptedLlm([act]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        connection = relay.connection()
        comments(relay.post(STREAM, live(llm), on=connection))
        connection.close()
        assert left.wait(LIMIT_S)
        assert relay.in_flight() == {}


def test_the_next_request_on_the_connection_hears_no_comment_of_the_one_before() -> None:
    held = Held(answer(200, {}))
    with ScriptedLlm([stream(), held]) as llm, relaying(keep_alive_s=SHORT_S) as relay:
        connection = relay.connection()
        assert without_comments(relay.post(STREAM, live(llm), on=connection).read()) == EVENTS
        relay.wait_out_a_silence()
        with relay.asking({}, live(llm), on=connection) as late:
            relay.wait_out_a_silence()
            held.go()
            assert late.getresponse().read() == b"{}"

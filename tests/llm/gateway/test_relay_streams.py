import socket
import threading
from http.client import IncompleteRead

import pytest

from tests.fixtures.relay_process import CHAT, LIMIT_S, live, relaying
from tests.fixtures.scripted_llm import COUNTING, ScriptedLlm, answer, chunk, hang, reset, stream
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Act, Asked, Connection

STREAM = {"model": "m", "stream": True}
EVENTS = b"".join(COUNTING)


def test_a_stream_arrives_byte_for_byte_and_ends_cleanly() -> None:
    with ScriptedLlm([stream()]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        assert (response.status, response.getheader("Content-Type")) == (200, "text/event-stream")
        assert response.getheader("Transfer-Encoding") == "chunked"
        assert response.read() == EVENTS


def test_each_event_arrives_before_the_engine_makes_the_next() -> None:
    seen = threading.Semaphore(1)
    act = stream(before_each=lambda: _must(seen.acquire(timeout=LIMIT_S)))
    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        for event in COUNTING:
            assert response.read(len(event)) == event
            seen.release()
        assert response.read() == b""


def test_a_character_split_between_two_pieces_is_passed_on_as_it_comes() -> None:
    whole = chunk("é\N{GRINNING FACE}")
    seen = threading.Event()
    at = whole.index("\N{GRINNING FACE}".encode()) + 2

    def act(connection: Connection, _: Asked) -> None:
        connection.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        connection.chunk(whole[:at])
        _must(seen.wait(LIMIT_S))
        connection.chunk(whole[at:])
        connection.chunk(b"")

    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        assert response.read(at) == whole[:at]
        seen.set()
        assert response.read() == whole[at:]


def test_a_chunk_of_the_engine_is_passed_on_before_all_of_it_is_there() -> None:
    seen = threading.Event()

    def act(connection: Connection, _: Asked) -> None:
        connection.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        connection.send(b"a;extension=1\r\ndata:")
        _must(seen.wait(LIMIT_S))
        connection.send(b"abc\n\n\r\n0\r\nTrailer: x\r\n\r\n")

    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        assert response.read(5) == b"data:"
        seen.set()
        assert response.read() == b"abc\n\n"


def _of_length(connection: Connection, _: Asked) -> None:
    connection.head(200, {"Content-Type": "text/event-stream", "Content-Length": str(len(EVENTS))})
    connection.send(EVENTS)
    for _none in connection.until_gone():
        pass


def _to_the_end(connection: Connection, _: Asked) -> None:
    connection.head(200, {"Content-Type": "text/event-stream"})
    connection.send(EVENTS)


@pytest.mark.parametrize("act", [_of_length, _to_the_end])
def test_a_body_ends_where_its_length_or_its_connection_ends(act: Act) -> None:
    with ScriptedLlm([act]) as llm, relaying() as relay:
        assert relay.post(STREAM, live(llm)).read() == EVENTS


def _too_short(connection: Connection, _: Asked) -> None:
    connection.head(200, {"Content-Type": "text/event-stream", "Content-Length": "1000"})
    connection.send(COUNTING[0])


def _reset(connection: Connection, asked: Asked) -> None:
    stream(COUNTING[0], end=False)(connection, asked)
    reset(connection, asked)


def _no_chunk(connection: Connection, asked: Asked) -> None:
    stream(COUNTING[0], end=False)(connection, asked)
    connection.send(b"not a size\r\n")


@pytest.mark.parametrize("act", [stream(COUNTING[0], end=False), _too_short, _reset, _no_chunk])
def test_a_stream_that_the_engine_breaks_off_is_seen_as_broken(act: Act) -> None:
    with ScriptedLlm([act]) as llm, relaying() as relay:
        with pytest.raises((IncompleteRead, ConnectionResetError)):
            relay.post(STREAM, live(llm)).read()
        assert relay.in_flight() == {}


def test_the_events_before_a_break_arrive() -> None:
    with ScriptedLlm([stream(*COUNTING[:3], end=False)]) as llm, relaying() as relay:
        events = b"".join(COUNTING[:3])
        assert relay.post(STREAM, live(llm)).read(len(events)) == events


@pytest.mark.parametrize("told", [(), COUNTING[:1]], ids=["before the first event", "after it"])
def test_a_client_that_leaves_ends_the_generation(told: tuple[bytes, ...]) -> None:
    left = threading.Event()

    def act(connection: Connection, asked: Asked) -> None:
        hang(lambda: None, *told)(connection, asked)
        left.set()

    with ScriptedLlm([act]) as llm, relaying() as relay:
        connection = relay.connection()
        response = relay.post(STREAM, live(llm), on=connection)
        for event in told:
            response.read(len(event))
        assert len(relay.in_flight()) == 1
        connection.close()
        assert left.wait(LIMIT_S)
        assert relay.in_flight() == {}


def test_a_client_that_leaves_before_the_engine_says_anything_ends_the_generation_too() -> None:
    asked, left = threading.Event(), threading.Event()

    def act(connection: Connection, _: Asked) -> None:
        asked.set()
        for _none in connection.until_gone():
            pass
        left.set()

    with ScriptedLlm([act]) as llm, relaying() as relay, socket.create_connection(("127.0.0.1", relay.port)) as client:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nTrugen-Routes: {live(llm)}\r\nContent-Length: 2\r\n\r\n{{}}"
        client.sendall(head.encode())
        assert asked.wait(LIMIT_S)
        client.close()
        assert left.wait(LIMIT_S)


def test_a_slow_reader_slows_the_engine_down_instead_of_filling_the_memory() -> None:
    act = stream(*[b":" + b"x" * (1 << 20)] * 200)
    with ScriptedLlm([act]) as llm, relaying(keep_alive_s=0.05) as relay:
        response = relay.post(STREAM, live(llm))
        for _ in range(5):
            relay.wait_out_a_silence()
        assert len(response.read()) > 200 << 20
        assert relay.peak_bytes() < 64 << 20


def test_a_whole_answer_keeps_its_status_and_its_fields() -> None:
    body = {"choices": [], "text": "x" * 300_000}
    act = answer(200, body, X_Request_Id="7", Keep_Alive="timeout=5", Retry_After="3")
    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post({"model": "m"}, live(llm))
        fields = {name.lower(): value for name, value in response.getheaders()}
        assert response.status == 200
        assert fields == {
            "content-type": "application/json",
            "x-request-id": "7",
            "retry-after": "3",
            "transfer-encoding": "chunked",
        }
        assert response.read() == b"".join([b'{"choices": [], "text": "', b"x" * 300_000, b'"}'])


def test_interim_answers_of_the_engine_are_not_taken_for_the_answer() -> None:
    def act(connection: Connection, asked: Asked) -> None:
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        stream()(connection, asked)

    with ScriptedLlm([act]) as llm, relaying() as relay:
        assert relay.post(STREAM, live(llm)).read() == EVENTS


def test_an_engine_cannot_smuggle_a_second_answer_into_the_head_of_its_first() -> None:
    def act(connection: Connection, _: Asked) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nX: 1\n\nY: 2\nContent-Length: 5\r\n\r\nsmile")

    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post({}, live(llm))
        assert response.getheader("Y") == "2"
        assert response.read() == b"smile"


def test_two_streams_do_not_wait_for_each_other() -> None:
    with (
        ScriptedServer(lambda _: hang(lambda: None, COUNTING[0])) as stuck,
        ScriptedLlm([stream()]) as llm,
        relaying() as relay,
    ):
        waiting = relay.post(STREAM, live(stuck))
        assert waiting.read(len(COUNTING[0])) == COUNTING[0]
        assert relay.post(STREAM, live(llm)).read() == EVENTS


def _must(happened: bool) -> None:  # noqa: FBT001 - the one thing it is given
    assert happened, "the client never saw the event before"

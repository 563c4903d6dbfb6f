import json
import signal
import socket
import struct
import threading
from typing import Any

import pytest

from tests.fixtures.deployment import free_port
from tests.fixtures.relay_process import LIMIT_S, SOURCE, live, relaying
from tests.fixtures.scripted_llm import COUNTING, ScriptedLlm, answer, hang, raw_answer, reset, stream
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Act, Asked, Connection

CANARY = "canary-prompt-0123456789"
STREAM = {"model": CANARY, "stream": True}


def _to(upstream: str) -> str:
    return json.dumps({"live": upstream, "models": {}})


@pytest.mark.parametrize("host", ["127.0.0.1", "engine-c.invalid", "engine..a", "a" * 64, "-"])
def test_an_engine_that_cannot_be_reached_is_a_bad_gateway_that_names_nothing_of_ours(host: str) -> None:
    port = free_port()
    with relaying() as relay:
        response = relay.post(STREAM, _to(f"{host}:{port}"))
        assert response.status == 502
        assert json.loads(response.read()) == {
            "error": {
                "message": "The model server cannot be reached.",
                "type": "server_error",
                "param": None,
                "code": "bad_gateway",
            }
        }
        assert relay.in_flight() == {}


def test_an_engine_that_comes_up_within_a_moment_answers_the_request_that_found_it_down() -> None:
    with ScriptedServer(lambda _: stream(), closed=True) as llm, relaying() as relay:
        with relay.asking(STREAM, live(llm)) as late:
            while not relay.in_flight():
                pass  # the relay reads another connection
            llm.open()
            assert late.getresponse().read() == b"".join(COUNTING)
        assert len(llm.asked) == 1


def _no_http(connection: Connection, _: Asked) -> None:
    connection.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


def _no_field(connection: Connection, _: Asked) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nHTTP/1.1 200 OK\r\n\r\n{}")


def _half_a_head(connection: Connection, _: Asked) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-st")


def _endless_head(connection: Connection, _: Asked) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * (1 << 20))
    for _none in connection.until_gone():
        pass


def _nothing(_: Connection, __: Asked) -> None:
    return


@pytest.mark.parametrize("act", [reset, _no_http, _no_field, _half_a_head, _endless_head, _nothing])
def test_an_engine_that_breaks_off_before_its_head_is_a_bad_gateway_and_asked_once(act: Act) -> None:
    with ScriptedLlm([act, stream()]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        assert response.status == 502
        assert json.loads(response.read())["error"]["message"] == "The model server broke off before it answered."
        assert len(llm.asked) == 1


def test_the_connection_of_the_gateway_outlives_a_bad_gateway() -> None:
    with ScriptedLlm([reset, answer(200, {})]) as llm, relaying() as relay:
        connection = relay.connection()
        assert relay.post({}, live(llm), on=connection).read()
        assert relay.post({}, live(llm), on=connection).read() == b"{}"


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_a_refusal_of_the_engine_is_passed_on_as_it_is(status: int) -> None:
    act = raw_answer(status, b"no\n", Content_Type="text/plain", Retry_After="2")
    with ScriptedLlm([act]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        assert (response.status, response.read()) == (status, b"no\n")
        assert response.getheader("Retry-After") == "2"
        assert response.getheader("Content-Type") == "text/plain"


def test_an_engine_may_refuse_a_body_it_has_not_read() -> None:
    def refuse_unread(sock: socket.socket) -> None:
        connection, _ = sock.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlong")
            while connection.recv(1 << 16):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener, relaying() as relay:
        engine = threading.Thread(target=refuse_unread, args=(listener,))
        engine.start()
        response = relay.post(b"x" * (8 << 20), _to(f"127.0.0.1:{listener.getsockname()[1]}"))
        assert (response.status, response.read()) == (413, b"long")
        engine.join()


def test_a_head_of_the_gateway_that_is_too_long_ends_its_connection_alone() -> None:
    with ScriptedLlm([answer(200, {})]) as llm, relaying() as relay:
        with socket.create_connection(("127.0.0.1", relay.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 20))
            assert _rest(client) == b""
        assert relay.post({}, live(llm)).read() == b"{}"


@pytest.mark.parametrize(
    "sent", [b"", b"POST /v1/chat", b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n{", b"\r\n\r\n"]
)
def test_a_gateway_that_is_killed_between_or_within_requests_is_no_fault(sent: bytes) -> None:
    with relaying() as relay:
        with socket.create_connection(("127.0.0.1", relay.port)) as client:
            client.sendall(sent)
            assert relay.get("/healthz").status == 200
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert relay.get("/healthz").status == 200


def test_a_gateway_that_is_killed_within_a_stream_ends_the_generation() -> None:
    left = threading.Event()

    def act(connection: Connection, asked: Asked) -> None:
        hang(lambda: None, COUNTING[0])(connection, asked)
        left.set()

    with ScriptedLlm([act]) as llm, relaying() as relay:
        connection = relay.connection()
        assert relay.post(STREAM, live(llm), on=connection).read(len(COUNTING[0])) == COUNTING[0]
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert left.wait(LIMIT_S)


def test_a_fault_that_nobody_foresaw_is_one_line_without_contents() -> None:
    with relaying(logs={"unexpected OverflowError": 1}) as relay:
        response = relay.post(STREAM, _to("127.0.0.1:99999"), headers={"Authorization": f"Bearer {CANARY}"})
        assert response.status == 500
        assert json.loads(response.read())["error"]["code"] == "internal_error"


def test_told_to_stop_it_lets_streams_finish_and_takes_no_more() -> None:
    go = threading.Event()

    def act(connection: Connection, _: Asked) -> None:
        connection.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        connection.chunk(COUNTING[0])
        assert go.wait(LIMIT_S)
        for event in COUNTING[1:]:
            connection.chunk(event)
        connection.chunk(b"")

    with ScriptedLlm([act]) as llm, relaying() as relay:
        connection = relay.connection()
        response = relay.post(STREAM, live(llm), on=connection)
        assert response.read(len(COUNTING[0])) == COUNTING[0]
        relay.process.send_signal(signal.SIGTERM)
        while _accepts(relay.port):
            pass
        go.set()
        assert response.read() == b"".join(COUNTING[1:])
        assert relay.process.wait(LIMIT_S) == 0


def test_told_to_stop_it_waits_for_a_slow_reader() -> None:
    events = [b"data: " + b"x" * (1 << 20) + b"\n\n"] * 20
    with ScriptedLlm([stream(*events)]) as llm, relaying() as relay:
        response = relay.post(STREAM, live(llm))
        relay.process.send_signal(signal.SIGTERM)
        while _accepts(relay.port):
            pass
        assert response.read() == b"".join(events)
        assert relay.process.wait(LIMIT_S) == 0


def test_told_to_stop_it_ends_at_once_when_nobody_is_answered() -> None:
    with ScriptedLlm([stream()]) as llm, relaying() as relay:
        kept = relay.connection()
        relay.post(STREAM, live(llm), on=kept).read()
        with socket.create_connection(("127.0.0.1", relay.port)) as fresh:
            fresh.sendall(b"GET /healthz HT")
            assert relay.get("/healthz").status == 200
            relay.process.send_signal(signal.SIGTERM)
            assert relay.process.wait(LIMIT_S) == 0
            assert kept.sock.recv(1) == b""


def test_more_streams_than_a_process_may_usually_open_files_are_relayed() -> None:
    with ScriptedServer(lambda _: _hold) as llm, relaying(soft_files=64) as relay:
        responses = [relay.post(STREAM, live(llm)) for _ in range(100)]
        assert {response.read(len(COUNTING[0])) for response in responses} == {COUNTING[0]}


def _hold(connection: Connection, _: Asked) -> None:
    connection.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
    connection.chunk(COUNTING[0])
    connection.stopped.wait()


def test_its_source_fits_into_one_argument_of_a_command() -> None:
    max_arg_strlen_bytes = 128 << 10  # Linux, include/uapi/linux/binfmts.h: 32 pages
    assert len(SOURCE.read_bytes()) < max_arg_strlen_bytes


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _rest(client: socket.socket) -> Any:
    received = b""
    try:
        while data := client.recv(1 << 16):
            received += data
    except ConnectionError:
        pass  # it was still sending
    return received

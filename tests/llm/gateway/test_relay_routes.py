import json
import threading
from typing import Any

import pytest

from tests.fixtures.relay_process import CHAT, LIMIT_S, RelayProcess, address, live, relaying
from tests.fixtures.scripted_llm import ScriptedLlm, answer, hang, listing
from tests.fixtures.scripted_socket import Asked, Connection


def _named(name: str) -> ScriptedLlm:
    return ScriptedLlm([answer(200, {"from": name})], routes={"/v1/models?limit=1": listing(name)})


def _who(relay: RelayProcess, body: Any, routes: str | bytes | None) -> Any:
    return json.loads(relay.post(body, routes).read())["from"]


def test_a_model_goes_to_the_engine_its_route_names_and_any_other_to_the_live_one() -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        routes = live(one, old=other)
        assert _who(relay, {"model": "old"}, routes) == "other"
        assert _who(relay, {"model": "OLD"}, routes) == "live"
        assert _who(relay, {"model": "new"}, routes) == "live"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"model": null}',
        b'{"model": 7}',
        b'{"model": ["old"]}',
        b'{"model": {"old": "old"}}',
        b'{"Model": "old"}',
        b'{"model": "old"',
        b'"old"',
        b'["old"]',
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b'{"model": "old", "model": "new"}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_names_no_routed_model_goes_to_the_live_engine_as_it_is(body: bytes) -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        assert _who(relay, body, live(one, old=other)) == "live"
        assert one.asked[0].body == body


def test_of_two_models_in_one_body_the_last_counts_as_it_does_for_the_engines() -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        assert _who(relay, b'{"model": "new", "model": "old"}', live(one, old=other)) == "other"


def test_a_model_with_a_name_beyond_ascii_is_routed() -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        told = {"live": address(one), "models": {"modèle": address(other)}}
        assert _who(relay, {"model": "modèle"}, json.dumps(told, ensure_ascii=False).encode()) == "other"
        assert _who(relay, {"model": "modèle"}, json.dumps(told)) == "other"


BROKEN = [
    None,
    "",
    "{",
    "null",
    "[]",
    '"x"',
    "{}",
    '{"live": "HERE"}',
    '{"models": {}}',
    '{"live": null, "models": {}}',
    '{"live": "HERE", "models": null}',
    '{"live": "HERE", "models": {"m": 7}}',
    '{"live": "HERE", "models": {"m": "http://HERE"}}',
    '{"live": "user@HERE", "models": {}}',
    '{"live": "HERE/x", "models": {}}',
    '{"live": "HERE ", "models": {}}',
    '{"live": "HERE\\n", "models": {}}',
    '{"live": "LOCALHOST:80", "models": {}}',
    '{"live": "[::1]:80", "models": {}}',
    '{"live": "engine", "models": {}}',
    '{"live": "engine:", "models": {}}',
    '{"live": ":80", "models": {}}',
    '{"live": "engine:80a", "models": {}}',
    "[" * 10_000,
]


@pytest.fixture(scope="module")
def unknowing() -> Any:
    """A relay that has never seen a route: shared, since nothing here may teach it one."""
    with relaying() as relay:
        yield relay


@pytest.mark.parametrize("broken", BROKEN, ids=lambda field: repr(field)[:50])
def test_without_a_good_route_ever_nothing_is_passed_on(unknowing: RelayProcess, broken: str | None) -> None:
    with _named("live") as one:
        routes = broken and broken.replace("HERE", address(one))
        response = unknowing.post({"model": "m", "stream": True}, routes)
        assert (response.status, response.getheader("Retry-After")) == (503, "1")
        assert json.loads(response.read())["error"]["code"] == "no_model_yet"
        assert one.asked == []


@pytest.mark.parametrize("broken", ["", None, '{"live": "x'])
def test_while_the_routes_are_replaced_the_last_good_ones_hold(broken: str | None) -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        assert _who(relay, {}, live(one)) == "live"
        assert _who(relay, {}, live(other, m=one)) == "other"
        assert _who(relay, {}, broken) == "other"
        assert _who(relay, {"model": "m"}, broken) == "live"


def test_the_engine_gets_path_body_and_fields_as_they_were_and_the_key_that_caddy_shows_it() -> None:
    body = json.dumps({"model": "m", "pad": "é" * 2_000_000}, ensure_ascii=False).encode()
    with _named("live") as one, relaying() as relay:
        sent = {
            "Authorization": "Bearer canary",
            "X-Request-Id": "7",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "gone",
            "TE": "trailers",
            "Expect": "100-continue",
            "Accept-Encoding": "gzip, br",
        }
        relay.post(body, live(one), headers=sent).read()
        (asked,) = one.asked
        assert asked.body == body
        assert asked.headers == {
            "host": address(one),
            "authorization": "Bearer canary",
            "content-type": "application/json",
            "x-request-id": "7",
            "content-length": str(len(body)),
            "connection": "close",
            "accept-encoding": "identity",
        }


def test_a_body_in_chunks_reaches_the_engine_whole() -> None:
    with _named("live") as one, relaying() as relay:
        connection = relay.connection()
        pieces = (b'{"model": ', b'"m', b'"}')
        connection.request("POST", CHAT, iter(pieces), {"Trugen-Routes": live(one)}, encode_chunked=True)
        assert connection.getresponse().read() == b'{"from": "live"}'
        assert one.asked[0].body == b"".join(pieces)


def test_the_models_are_those_of_the_live_engine() -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        told = json.loads(relay.get("/v1/models?limit=1", live(one, old=other)).read())
        assert [model["id"] for model in told["data"]] == ["live"]


def test_two_requests_one_after_the_other_share_a_connection_of_the_gateway() -> None:
    with _named("live") as one, relaying() as relay:
        connection = relay.connection()
        assert relay.post({}, live(one), on=connection).read() == b'{"from": "live"}'
        first = connection.sock
        assert relay.post({}, live(one), on=connection).read() == b'{"from": "live"}'
        assert connection.sock is first


def test_two_requests_sent_at_once_are_answered_in_turn() -> None:
    with _named("live") as one, _named("other") as other, relaying() as relay:
        connection = relay.connection()
        connection.connect()
        for routes in (live(one), live(other)):
            head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nTrugen-Routes: {routes}\r\nContent-Length: 2\r\n\r\n{{}}"
            connection.sock.sendall(head.encode())
        received = b""
        while received.count(b"0\r\n\r\n") < 2:
            received += connection.sock.recv(1 << 16)
        assert 0 < received.index(b'"live"') < received.index(b'"other"')


def test_trailers_of_a_request_are_not_taken_for_the_next_one() -> None:
    with _named("live") as one, relaying() as relay:
        connection = relay.connection()
        connection.connect()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nTrugen-Routes: {live(one)}\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(2):
            connection.sock.sendall(head.encode() + b"2\r\n{}\r\n0\r\nX: 1\r\nY: 2\r\n\r\n")
        received = b""
        while received.count(b"0\r\n\r\n") < 2:
            received += connection.sock.recv(1 << 16)
        assert [asked.body for asked in one.asked] == [b"{}", b"{}"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CHAT),
        ("POST", "/v1/models"),
        ("POST", "/in-flight"),
        ("GET", "/"),
        ("POST", "/api/pull"),
        ("POST", CHAT + "/"),
        ("POST", "//v1/chat/completions"),
        ("DELETE", "/v1/models"),
    ],
)
def test_any_other_route_is_not_there(unknowing: RelayProcess, method: str, path: str) -> None:
    with _named("live") as one:
        connection = unknowing.connection()
        connection.request(method, path, b"{}")
        response = connection.getresponse()
        assert response.status == 404
        error = json.loads(response.read())["error"]
        assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", None, "not_found")
        assert one.asked == []


def test_a_relay_without_routes_is_healthy(unknowing: RelayProcess) -> None:
    assert unknowing.get("/healthz").status == 200


def test_requests_in_flight_are_counted_for_each_engine_until_they_are_answered() -> None:
    go = threading.Event()

    def wait(connection: Connection, asked: Asked) -> None:
        assert go.wait(LIMIT_S)
        answer(200, {})(connection, asked)

    with (
        ScriptedLlm([wait]) as waiting,
        ScriptedLlm([hang(lambda: None)]) as stuck,
        _named("live") as quick,
        relaying() as relay,
    ):
        two = [relay.connection() for _ in range(2)]
        for connection in two:
            connection.request("POST", CHAT, b"{}", {"Trugen-Routes": live(waiting)})
        relay.post({}, live(stuck))
        relay.post({}, live(quick)).read()
        while relay.in_flight().get(address(waiting)) != 2:
            pass  # the relay reads two other connections
        assert relay.in_flight() == {address(waiting): 2, address(stuck): 1}
        go.set()
        for connection in two:
            assert connection.getresponse().read() == b"{}"
        assert relay.in_flight() == {address(stuck): 1}

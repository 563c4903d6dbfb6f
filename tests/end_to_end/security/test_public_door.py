"""The public door of a deployed stack, tried from outside: the rows are those that Caddy alone is held to as well."""

import json

import docker
import pytest

from tests.fixtures.door_rows import (
    OTHER_HOSTS,
    OTHER_METHODS,
    OTHER_PATHS,
    OTHER_SPELLINGS,
    TOKEN_QUERIES,
    malformed,
    right,
    strangers,
)
from tests.fixtures.guarded import CANARY, HOST, Guarded
from tests.fixtures.http2 import get_over_http2
from tests.fixtures.raw_http import exchange_over_tls

pytestmark = pytest.mark.docker
RIGHT = right(CANARY)
NAMES_OF_STRANGERS = strangers("the names only", "")
ASKED = json.dumps({"model": "smollm2:135m", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}).encode()
MODELS = b'"object":"list"'
"""As OpenAI's API lists models, and no other route of an engine answers."""
OLLAMA = b'"models":['


def test_the_token_opens_the_door_to_the_model(guarded: Guarded) -> None:
    assert MODELS in guarded.ask("GET /v1/models", RIGHT)
    assert b"chat.completion" in guarded.ask("POST /v1/chat/completions", RIGHT, body=ASKED)


@pytest.mark.parametrize("name", NAMES_OF_STRANGERS)
def test_a_stranger_is_refused_and_hears_nothing_of_the_model(guarded: Guarded, private_token: str, name: str) -> None:
    answer = guarded.ask("GET /v1/models", *strangers(CANARY, private_token)[name])

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"invalid_api_key" in answer
    assert MODELS not in answer


@pytest.mark.parametrize("name", malformed(CANARY))
def test_a_header_that_is_no_http_is_refused(guarded: Guarded, name: str) -> None:
    answer = guarded.ask("GET /v1/models", malformed(CANARY)[name])

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 401 "))


@pytest.mark.parametrize("query", TOKEN_QUERIES)
def test_a_token_in_the_query_opens_nothing(guarded: Guarded, query: str) -> None:
    assert guarded.ask(f"GET /v1/models?{query}{CANARY}").startswith(b"HTTP/1.1 401 ")


def test_a_blank_behind_the_token_is_no_part_of_it(guarded: Guarded) -> None:
    """RFC 9110, 5.5: only the holder of the token is let in by it."""
    assert MODELS in guarded.ask("GET /v1/models", RIGHT + b" ")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Bearer *", f"bearer {CANARY}", f"Bearer {CANARY} "])
def test_a_stranger_over_http_2_is_refused(guarded: Guarded, value: str) -> None:
    assert b"invalid_api_key" in get_over_http2(guarded.port, HOST, "/v1/models", value)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_engines_own_route_is_served(guarded: Guarded, method: str) -> None:
    answers = {path: guarded.ask(f"{method} {path}", RIGHT, body=b"{}") for path in OTHER_PATHS}

    assert {path: answer[:12] for path, answer in answers.items()} == dict.fromkeys(OTHER_PATHS, b"HTTP/1.1 404")


def test_a_stranger_cannot_tell_a_route_that_is_served_from_one_that_is_not(guarded: Guarded) -> None:
    statuses = {guarded.ask(f"GET {path}")[:12] for path in ["/v1/models", *OTHER_PATHS]}

    assert statuses == {b"HTTP/1.1 401"}


@pytest.mark.parametrize(("method", "path"), OTHER_METHODS)
def test_no_other_method_is_served(guarded: Guarded, method: str, path: str) -> None:
    assert guarded.ask(f"{method} {path}", RIGHT).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("target", OTHER_SPELLINGS)
def test_no_spelling_of_a_path_leads_to_an_engines_own_route(guarded: Guarded, target: bytes) -> None:
    answer = guarded.ask(f"GET {target.decode()}", RIGHT)

    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")) or MODELS in answer
    assert OLLAMA not in answer


@pytest.mark.parametrize("host", [*OTHER_HOSTS, ""])
def test_another_host_is_misdirected_even_with_the_token(guarded: Guarded, host: str) -> None:
    answer = guarded.ask("GET /v1/models", RIGHT, host=host)

    assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize(
    ("first", "lines", "status"),
    [
        (b"GET /v1/models HTTP/1.0", [], b"421"),
        (b"GET /v1/models HTTP/1.0", [b"Host: localhost"], b"200"),
        (b"GET /v1/models HTTP/1.1", [], b"400"),
        (b"GET /v1/models HTTP/1.1", [b"Host: localhost", b"Host: engine-a"], b"400"),
        (b"GET http://engine-a:11434/v1/models HTTP/1.1", [b"Host: localhost"], b"421"),
        (b"GET http://engine-a:11434/api/tags HTTP/1.1", [b"Host: localhost"], b"421"),
        (b"GET http://169.254.169.254/latest HTTP/1.1", [b"Host: localhost"], b"421"),
        (b"GET http://localhost/api/tags HTTP/1.1", [b"Host: localhost"], b"404"),
        (b"CONNECT engine-a:11434 HTTP/1.1", [b"Host: localhost"], b"421"),
        (b"GET /v1/models", [], b"400"),
        (b"GET /v1/models HTTP/3.7", [b"Host: localhost"], b"505"),
    ],
)
def test_an_unusual_first_line_leads_to_no_other_place(
    guarded: Guarded, first: bytes, lines: list[bytes], status: bytes
) -> None:
    request = b"\r\n".join([first, *lines, RIGHT, b"Connection: close", b"", b""])

    answer = exchange_over_tls(guarded.port, HOST, request)

    assert answer.split(b"\r\n", 1)[0].split()[1:2] == [status]
    assert OLLAMA not in answer


@pytest.mark.parametrize(
    "line",
    [
        b"X-Forwarded-Host: engine-a:11434",
        b"X-Forwarded-For: 127.0.0.1",
        b"Forwarded: for=127.0.0.1;host=engine-a:11434",
        b"X-Forwarded-Prefix: /api",
        b"X-Forwarded-Uri: /api/tags",
        b"X-Original-Url: /api/tags",
        b"X-Rewrite-Url: /api/tags",
        b"X-Http-Method-Override: DELETE",
    ],
)
def test_what_another_proxy_might_have_said_changes_nothing(guarded: Guarded, line: bytes) -> None:
    assert guarded.ask("GET /v1/models", line).startswith(b"HTTP/1.1 401 ")
    assert MODELS in guarded.ask("GET /v1/models", line, RIGHT)


NOWHERE = b'{"live": "gateway:9", "models": {"smollm2:135m": "gateway:9"}}'


@pytest.mark.parametrize(
    "lines",
    [
        [b"Trugen-Routes: " + NOWHERE],
        [b"trugen-routes: " + NOWHERE],
        [b"Trugen_Routes: " + NOWHERE],
        [b"Trugen-Routes: " + NOWHERE, b"Trugen-Routes: " + NOWHERE],
        [b"Trugen-Routes: " + NOWHERE, b"Connection: Trugen-Routes"],
        [b"Trugen-Routes: {}"],
        [b"Trugen-Routes:"],
    ],
)
def test_a_client_cannot_steer_the_relay_to_an_address_of_its_choice(guarded: Guarded, lines: list[bytes]) -> None:
    assert MODELS in guarded.ask("GET /v1/models", RIGHT, *lines)


def test_nor_by_the_model_it_names(guarded: Guarded) -> None:
    answer = guarded.ask("POST /v1/chat/completions", RIGHT, b"Trugen-Routes: " + NOWHERE, body=ASKED)

    assert b"chat.completion" in answer


def test_no_second_request_hides_in_the_body_of_the_first(guarded: Guarded) -> None:
    hidden = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    body = b"0\r\n\r\n" + hidden
    lines = [b"Host: localhost", RIGHT, b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"]

    answer = exchange_over_tls(
        guarded.port, HOST, b"\r\n".join([b"POST /v1/chat/completions HTTP/1.1", *lines, b"", body])
    )

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1 or answer.rpartition(b"HTTP/1.1 ")[2].startswith(b"401 ")
    assert MODELS not in answer


def test_a_model_whose_name_needs_escaping_in_json_has_a_route_of_its_own(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    odd = 'a"b\\c/\u00e9 \u2028{file./run/trugen-llm/token}'
    asked = json.loads(ASKED)
    before = guarded.routes(engine)
    told = json.loads(before)
    guarded.lead(engine, json.dumps({**told, "models": {**told["models"], odd: "engine-b:9"}}))
    try:
        to_nobody = guarded.ask("POST /v1/chat/completions", RIGHT, body=json.dumps({**asked, "model": odd}).encode())
        to_the_live = guarded.ask("POST /v1/chat/completions", RIGHT, body=ASKED)
    finally:
        guarded.lead(engine, before)

    assert b"bad_gateway" in to_nobody
    assert b"chat.completion" in to_the_live
    assert CANARY.encode() not in to_nobody

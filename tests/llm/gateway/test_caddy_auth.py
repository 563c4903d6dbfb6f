"""The real Caddy on our configuration: whom the public door lets in. An open one lets everybody use the model."""

from collections.abc import Iterator

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
from tests.fixtures.http2 import get_over_http2
from tests.fixtures.raw_http import exchange
from tests.fixtures.real_caddy import HOSTNAME, PRIVATE_TOKEN, TOKEN, RealCaddy, real_caddy
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Asked, Connection

RIGHT = right(TOKEN)


def models(connection: Connection, _asked: Asked) -> None:
    connection.head(200, {"Content-Type": "application/json", "Content-Length": "2"})
    connection.send(b"{}")


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda _: models) as server:
        yield server


@pytest.fixture(scope="module")
def caddy(upstream: ScriptedServer) -> Iterator[RealCaddy]:
    tls = {"hostname": HOSTNAME, "certificate": "c.pem", "key": "k.pem"}
    with real_caddy(upstream.port, tls=tls, tunnel={"kind": "ngrok", "hostname": HOSTNAME}) as caddy:
        yield caddy


def asked_with(caddy: RealCaddy, *lines: bytes, target: bytes = b"/v1/models") -> bytes:
    request = b"\r\n".join(
        [b"GET " + target + b" HTTP/1.1", b"Host: localhost", *lines, b"Connection: close", b"", b""]
    )
    return exchange(caddy.port, request)


def test_the_token_opens_the_door(caddy: RealCaddy) -> None:
    assert asked_with(caddy, RIGHT).startswith(b"HTTP/1.1 200 ")


STRANGERS = strangers(TOKEN, PRIVATE_TOKEN)


@pytest.mark.parametrize("lines", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger_is_refused_with_an_error_shaped_like_openais(
    caddy: RealCaddy, upstream: ScriptedServer, lines: list[bytes]
) -> None:
    before = len(upstream.asked)

    answer = asked_with(caddy, *lines)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"Content-Type: application/json\r\n" in answer
    assert b"Www-Authenticate: Bearer\r\n" in answer
    assert b'"code":"invalid_api_key"' in answer
    assert len(upstream.asked) == before


MALFORMED = malformed(TOKEN)


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_header_that_is_no_http_is_refused(caddy: RealCaddy, line: bytes) -> None:
    assert asked_with(caddy, line).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 401 "))


@pytest.mark.parametrize("query", TOKEN_QUERIES)
def test_a_token_in_the_query_opens_nothing(caddy: RealCaddy, query: str) -> None:
    assert asked_with(caddy, target=f"/v1/models?{query}{TOKEN}".encode()).startswith(b"HTTP/1.1 401 ")


def test_blanks_around_the_value_are_no_part_of_it_in_http_1(caddy: RealCaddy) -> None:
    # RFC 9110, 5.5: a field value does not include them. Nothing is let in that does not know the token.
    assert asked_with(caddy, RIGHT + b" \t").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/v1/chat/completions", "/metrics", "/engine-a/11434/api/tags"])
def test_a_stranger_learns_nothing_about_routes(caddy: RealCaddy, path: str) -> None:
    assert caddy.get(path, token=None).status_code == 401


@pytest.mark.parametrize("path", OTHER_PATHS)
def test_no_other_path_is_served(caddy: RealCaddy, upstream: ScriptedServer, path: str) -> None:
    before = len(upstream.asked)

    answer = caddy.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert len(upstream.asked) == before


@pytest.mark.parametrize("target", OTHER_SPELLINGS)
def test_a_path_of_another_spelling_never_reaches_anything_but_its_own_route(
    caddy: RealCaddy, upstream: ScriptedServer, target: bytes
) -> None:
    before = len(upstream.asked)

    asked_with(caddy, RIGHT, target=target)

    assert {asked.path for asked in upstream.asked[before:]} <= {"/v1/models", "/v1/%6dodels"}


@pytest.mark.parametrize(("method", "path"), OTHER_METHODS)
def test_no_other_method_is_served(caddy: RealCaddy, method: str, path: str) -> None:
    assert caddy.call(method, path).status_code == 404


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_another_host_is_misdirected_even_with_the_token(caddy: RealCaddy, host: str) -> None:
    answer = caddy.get("/v1/models", headers={"Host": host})

    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "misdirected_request")


@pytest.mark.parametrize("host", [HOSTNAME, HOSTNAME.upper(), f"{HOSTNAME}:443", "localhost:9", "127.0.0.1"])
def test_its_own_hosts_are_served_with_any_port(caddy: RealCaddy, host: str) -> None:
    assert caddy.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.fixture(params=["empty", "missing"])
def without_previous(request: pytest.FixtureRequest, caddy: RealCaddy) -> Iterator[RealCaddy]:
    if request.param == "missing":
        (caddy.folder / "previous-token").unlink()
    yield caddy
    caddy.write("previous-token", "")


@pytest.mark.parametrize("value", ["Bearer ", "Bearer", "", " ", "Bearer  "])
def test_an_empty_token_opens_nothing_over_http_2_which_trims_no_blanks(
    without_previous: RealCaddy, value: str
) -> None:
    assert b"invalid_api_key" in get_over_http2(without_previous.tls_port, HOSTNAME, "/v1/models", value)


def test_the_token_opens_the_door_over_http_2_too(caddy: RealCaddy) -> None:
    assert get_over_http2(caddy.tls_port, HOSTNAME, "/v1/models", f"Bearer {TOKEN}") == b"{}"


@pytest.mark.parametrize("name", ["previous-token", "older-token"])
def test_a_former_token_opens_the_door_until_its_file_is_emptied(caddy: RealCaddy, name: str) -> None:
    caddy.write(name, "canary-former")
    during = asked_with(caddy, b"Authorization: Bearer canary-former")
    caddy.write(name, "")
    afterwards = asked_with(caddy, b"Authorization: Bearer canary-former")

    assert [b"200", b"401"] == [answer.split()[1] for answer in (during, afterwards)]


@pytest.mark.parametrize("content", ["*", "canary*", "*canary*", ""])
def test_what_a_file_holds_is_no_pattern(caddy: RealCaddy, content: str) -> None:
    caddy.write("previous-token", content)
    try:
        answers = [asked_with(caddy, line) for line in (b"Authorization: Bearer x", b"Authorization: Bearer canary-1")]
    finally:
        caddy.write("previous-token", "")

    assert all(answer.startswith(b"HTTP/1.1 401 ") for answer in answers)

"""The real Caddy on our configuration: HTTPS with own certificates and with a CA of its own."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.paced_stream import PacedStream
from tests.fixtures.raw_http import rest_of
from tests.fixtures.real_caddy import HOSTNAME, TOKEN, RealCaddy, real_caddy, with_certificate
from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import TLS_FILES

OWN = {"hostname": HOSTNAME, "certificate": "c.pem", "key": "k.pem"}
INTERNAL = {"hostname": HOSTNAME, "internal": True}


@contextmanager
def connected(caddy: RealCaddy, ca: Path, name: str | None = HOSTNAME) -> Iterator[ssl.SSLSocket]:
    """A connection that *ca* vouches for, whatever the name in the certificate: `getpeercert` tells it."""
    context = ssl.create_default_context(cafile=str(ca))
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", caddy.tls_port), 30) as sock,
        context.wrap_socket(sock, server_hostname=name) as secured,
    ):
        yield secured


def names_of(connection: ssl.SSLSocket) -> Any:
    return (connection.getpeercert() or {})["subjectAltName"]


def request(host: str) -> bytes:
    lines = ["GET /v1/models HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {TOKEN}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode()


def ask(caddy: RealCaddy, ca: Path, host: str = HOSTNAME) -> bytes:
    with connected(caddy, ca) as connection:
        connection.sendall(request(host))
        return rest_of(connection)


def own_ca(_caddy: RealCaddy) -> Path:
    return TLS_FILES / f"{HOSTNAME}.crt"


def internal_ca(caddy: RealCaddy) -> Path:
    """Its root, once it has signed the certificate: until then every handshake ends with an alert."""
    root = caddy.storage / "pki" / "authorities" / "local" / "root.crt"
    for _ in range(5000):
        try:
            with connected(caddy, root):
                return root
        except (FileNotFoundError, ssl.SSLError):
            continue
    raise AssertionError("".join(caddy.lines))


@pytest.fixture
def upstream() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda _: answer(200, {})) as server:
        yield server


KINDS = pytest.mark.parametrize(("tls", "ca"), [(OWN, own_ca), (INTERNAL, internal_ca)], ids=["own", "internal"])


@KINDS
def test_the_hostname_is_served_and_https_asked_for_from_then_on(upstream: ScriptedServer, tls: Any, ca: Any) -> None:
    with real_caddy(upstream.port, tls=tls) as caddy:
        said = ask(caddy, ca(caddy))

    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"Strict-Transport-Security: max-age=31536000\r\n" in said


@KINDS
def test_a_caller_without_a_name_is_shown_the_certificate_of_the_hostname(
    upstream: ScriptedServer, tls: Any, ca: Any
) -> None:
    with real_caddy(upstream.port, tls=tls) as caddy, connected(caddy, ca(caddy), name=None) as connection:
        assert names_of(connection) == (("DNS", HOSTNAME),)


@KINDS
def test_another_host_is_misdirected_over_https_too(upstream: ScriptedServer, tls: Any, ca: Any) -> None:
    with real_caddy(upstream.port, tls=tls) as caddy:
        said = [ask(caddy, ca(caddy), host)[:12] for host in ("evil.example", "localhost", HOSTNAME)]

    assert said == [b"HTTP/1.1 421", b"HTTP/1.1 200", b"HTTP/1.1 200"]
    assert len(upstream.asked) == 2


def test_the_internal_ca_is_the_same_after_a_reload(upstream: ScriptedServer) -> None:
    with real_caddy(upstream.port, tls=INTERNAL) as caddy:
        before = internal_ca(caddy).read_bytes()
        caddy.reload()

        assert internal_ca(caddy).read_bytes() == before


def test_with_tls_there_is_no_plain_door_unless_a_tunnel_needs_it(upstream: ScriptedServer) -> None:
    with real_caddy(upstream.port, tls=OWN) as caddy, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", caddy.port), 30)
    with real_caddy(upstream.port, tls=OWN, tunnel={"kind": "ngrok", "hostname": "a.example.com"}) as caddy:
        assert caddy.get("/v1/models", headers={"Host": "a.example.com"}).status_code == 200


def test_plain_http_on_the_port_of_https_gets_nothing(upstream: ScriptedServer) -> None:
    with real_caddy(upstream.port, tls=OWN) as caddy:
        response = caddy.get("/v1/models", port=caddy.tls_port)

    assert response.status_code == 400
    assert upstream.asked == []


def test_a_new_certificate_is_shown_after_a_reload_and_no_stream_breaks() -> None:
    stream = PacedStream()
    with (
        ScriptedServer(lambda _: stream.act) as upstream,
        real_caddy(upstream.port, tls=OWN) as caddy,
        connected(caddy, own_ca(caddy)) as before,
        before.makefile("rb") as received,
    ):
        first = stream.say("before").strip()
        before.sendall(request(HOSTNAME))
        assert first in iter(lambda: received.readline().strip(), b"none")

        with_certificate(caddy, "localhost")
        caddy.reload()

        with connected(caddy, TLS_FILES / "localhost.pem") as after:
            assert names_of(after) == (("DNS", "localhost"),)
        assert stream.say("after").strip() in iter(lambda: received.readline().strip(), b"none")
        stream.end()


def test_a_reload_closes_a_connection_that_waits_for_its_next_request(upstream: ScriptedServer) -> None:
    """What a client must expect of a new certificate; docs/gateway.md says so."""
    with real_caddy(upstream.port, tls=OWN) as caddy, connected(caddy, own_ca(caddy)) as connection:
        connection.sendall(request(HOSTNAME).replace(b"Connection: close\r\n", b""))
        answered = connection.recv(1 << 16)

        caddy.reload()
        rest = rest_of(connection)

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1" not in rest

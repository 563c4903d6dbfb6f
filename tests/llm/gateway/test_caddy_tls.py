"""The real Caddy on our configuration: HTTPS with own certificates and with a CA of its own."""

import http.client
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.paced_stream import PacedStream
from tests.fixtures.real_caddy import HOSTNAME, TOKEN, RealCaddy, real_caddy, with_certificate
from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import TLS_FILES

OWN = {"hostname": HOSTNAME, "certificate": "c.pem", "key": "k.pem"}
INTERNAL = {"hostname": HOSTNAME, "internal": True}


def trusting(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


def connected(caddy: RealCaddy, context: ssl.SSLContext, name: str | None = HOSTNAME) -> ssl.SSLSocket:
    return context.wrap_socket(socket.create_connection(("127.0.0.1", caddy.tls_port), 30), server_hostname=name)


def ask(caddy: RealCaddy, context: ssl.SSLContext, host: str = HOSTNAME, path: str = "/v1/models") -> Any:
    connection = http.client.HTTPSConnection(HOSTNAME, caddy.tls_port, context=context)
    connection.sock = connected(caddy, context)
    connection.request("GET", path, headers={"Host": host, "Authorization": f"Bearer {TOKEN}"})
    response = connection.getresponse()
    response.read()
    return response


def internal_root(caddy: RealCaddy) -> Path:
    return caddy.storage / "pki" / "authorities" / "local" / "root.crt"


def test_an_own_certificate_is_shown_and_https_asked_for_from_then_on() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, tls=OWN) as caddy:
        response = ask(caddy, trusting(TLS_FILES / f"{HOSTNAME}.crt"))

    assert (response.status, response.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")


def test_the_internal_ca_signs_for_the_hostname() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, tls=INTERNAL) as caddy:
        caddy.logged(lambda line: "certificate obtained successfully" in line)
        response = ask(caddy, trusting(internal_root(caddy)))

    assert response.status == 200


def test_a_caller_without_a_name_is_shown_the_certificate_of_the_hostname() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, tls=INTERNAL) as caddy:
        caddy.logged(lambda line: "certificate obtained successfully" in line)
        context = trusting(internal_root(caddy))
        context.check_hostname = False
        with connected(caddy, context, name=None) as sock:
            shown = sock.getpeercert() or {}

    assert shown["subjectAltName"] == (("DNS", HOSTNAME),)


@pytest.mark.parametrize("tls", [OWN, INTERNAL], ids=["own", "internal"])
def test_another_host_is_misdirected_over_https_too(tls: dict[str, Any]) -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, tls=tls) as caddy:
        if tls is INTERNAL:
            caddy.logged(lambda line: "certificate obtained successfully" in line)
        ca = internal_root(caddy) if tls is INTERNAL else TLS_FILES / f"{HOSTNAME}.crt"
        statuses = [ask(caddy, trusting(ca), host).status for host in ("evil.example", "localhost", HOSTNAME)]

    assert statuses == [421, 200, 200]
    assert len(upstream.asked) == 2


def test_with_tls_there_is_no_plain_door_unless_a_tunnel_needs_it() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, tls=OWN) as caddy:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", caddy.port), 30)


def test_plain_http_on_the_port_of_https_gets_nothing() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port, tls=OWN) as caddy:
        response = caddy.get("/v1/models", port=caddy.tls_port)

    assert response.status_code == 400
    assert upstream.asked == []


def test_a_new_certificate_is_shown_after_a_reload_and_no_stream_breaks() -> None:
    stream = PacedStream()
    with ScriptedServer(lambda _: stream.act) as upstream, real_caddy(upstream.port, tls=OWN) as caddy:
        before = connected(caddy, trusting(TLS_FILES / f"{HOSTNAME}.crt"))
        first = stream.say("before")
        request = f"GET /v1/models HTTP/1.1\r\nHost: {HOSTNAME}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        before.sendall(request.encode())
        received = before.makefile("rb")
        assert first.strip() in iter(lambda: received.readline().strip(), b"none")

        with_certificate(caddy, "localhost")
        caddy.reload()

        context = trusting(TLS_FILES / "localhost.pem")
        context.check_hostname = False
        with connected(caddy, context) as after:
            assert (after.getpeercert() or {})["subjectAltName"] == (("DNS", "localhost"),)
        second = stream.say("after")
        assert second.strip() in iter(lambda: received.readline().strip(), b"none")
        stream.end()

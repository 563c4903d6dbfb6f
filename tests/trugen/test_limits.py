"""Real slowness on real sockets: what cannot be shown on a fake clock. Each test lasts some tenths of a second."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.trugen.attempt import Request, attempt
from components.trugen.client import TrugenClient
from components.trugen.errors import NoAnswerError, UnexpectedAnswerError, UnreachableError
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen, scripted_trugen

TLS = Path(__file__).parents[1] / "fixtures" / "tls"


def get(api: ScriptedTrugen) -> Request:
    return Request("GET", f"{api.url}/ext/agent/a1", "GET /ext/agent/a1", {"x-api-key": KEY})


@contextmanager
def tls_server() -> Iterator[int]:
    """Speaks TLS with the self-signed certificate of the fixtures folder and answers every request with 204."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        secure.recv(65536)
                        secure.sendall(b"HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n")
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_an_answer_that_drips_ends_at_the_limit_headers_included(api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 200, drip_s=0.02)]

    with pytest.raises(NoAnswerError, match="GET /ext/agent/a1: 0 s passed"):
        attempt(get(api), limit_s=0.3, ca_bundle=None)


def test_a_server_that_never_answers_ends_at_the_limit(api: ScriptedTrugen) -> None:
    held = threading.Event()
    api.faults = [Fault("GET", 200, meanwhile=lambda: held.wait(5))]

    with pytest.raises(NoAnswerError):
        attempt(get(api), limit_s=0.1, ca_bundle=None)

    held.set()


def test_an_endless_answer_is_cut_at_the_largest_allowed_body(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 200, b" " * (17 * 2**20))]

    with pytest.raises(UnexpectedAnswerError, match="more than 16 MiB"):
        client.agents.get("a1")


def test_a_compressed_bomb_is_cut_as_well(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("GET", 200, gzip.compress(b"\0" * (64 * 2**20)), headers={"Content-Encoding": "gzip"})]

    with pytest.raises(UnexpectedAnswerError, match="more than 16 MiB"):
        client.agents.get("a1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_hands_the_key_to_nobody(
    client: TrugenClient, api: ScriptedTrugen, status: int
) -> None:
    with scripted_trugen() as elsewhere:
        api.faults = [Fault("POST", status, headers={"Location": f"{elsewhere.url}/ext/agent"})]

        with pytest.raises(UnexpectedAnswerError, match=f"{status}, a redirect to .* \\(not followed\\)"):
            client.agents.create({"agent_name": "Ada"})

        assert elsewhere.calls == []


def test_a_refused_connection_is_tried_again_for_a_post_too_and_names_the_host(
    new_client: Callable[..., TrugenClient], clock: FakeClock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(UnreachableError, match=f"Cannot reach 127.0.0.1:{port}: connection refused"):
        new_client(api_url=f"http://127.0.0.1:{port}/v1").agents.create({})

    assert len(clock.pauses) == 4


def test_a_name_that_does_not_resolve_is_named(new_client: Callable[..., TrugenClient]) -> None:
    with pytest.raises(UnreachableError, match=r"the name no-such-host\.localhost does not resolve"):
        new_client(api_url="https://no-such-host.localhost/v1").check_key()


def test_a_dead_proxy_is_told_from_a_dead_host(
    new_client: Callable[..., TrugenClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary-proxy-password@127.0.0.1:9")

    with pytest.raises(UnreachableError, match="the proxy named by HTTPS_PROXY") as caught:
        new_client(api_url="https://api.trugen.example/v1").check_key()

    assert "canary" not in str(caught.value)


def test_an_unknown_certificate_is_refused_at_once_and_the_reason_given(
    new_client: Callable[..., TrugenClient], clock: FakeClock
) -> None:
    with tls_server() as port, pytest.raises(UnreachableError, match=r"TLS certificate is not accepted \(self.signed"):
        new_client(api_url=f"https://localhost:{port}/v1").check_key()

    assert clock.pauses == []


def test_a_certificate_for_another_host_is_refused(new_client: Callable[..., TrugenClient]) -> None:
    with tls_server() as port, pytest.raises(UnreachableError, match=r"not valid for '127\.0\.0\.1'"):
        new_client(api_url=f"https://127.0.0.1:{port}/v1", ca_bundle=str(TLS / "localhost.pem")).check_key()


def test_a_ca_bundle_makes_a_private_certificate_acceptable(new_client: Callable[..., TrugenClient]) -> None:
    with tls_server() as port:
        new_client(api_url=f"https://localhost:{port}/v1", ca_bundle=str(TLS / "localhost.pem")).agents.delete("a1")

"""How the probe connects: TLS, proxies, credentials of others."""

import shutil
import ssl
import threading
from pathlib import Path

import pytest
import requests

from components.llm.gate import authorities
from components.llm.gate.exchange import Exchange, Request
from components.llm.gate.failure import CannotServe, NotReady
from components.llm.gate.readiness import Target, probe_once
from tests.fixtures.scripted_llm import (
    COUNTING,
    MODEL,
    ScriptedLlm,
    drip,
    event,
    hang,
    listing,
    raw_answer,
    refuse,
    stream,
)
from tests.fixtures.scripted_socket import TLS_FILES, Act, Asked, Connection, tls_context
from tests.fixtures.waiting import TOKEN, Waiting


def target(llm: ScriptedLlm, *, engine: str = "other", public_url: str | None = None) -> Target:
    return Target(llm.base_url, MODEL, engine, TOKEN, public_url=public_url)


def test_a_certificate_for_another_name_is_refused(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(TLS_FILES / "llm.example.test.crt"))
    with (
        ScriptedLlm([stream()], tls=True) as llm,
        pytest.raises(CannotServe, match="certificate is not valid for") as told,
    ):
        waiting.until_ready(llm)

    assert f"`openssl s_client -connect {llm.base_url.removeprefix('https://').removesuffix('/v1')}`" in str(told.value)
    assert [] == llm.asked


def test_a_certificate_nobody_vouches_for_is_refused(waiting: Waiting) -> None:
    with ScriptedLlm([stream()], tls=True) as llm, pytest.raises(CannotServe, match="TLS: self-signed certificate"):
        waiting.until_ready(llm)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project whose gateways left no authority yet."""
    monkeypatch.chdir(tmp_path)


def as_localhost(llm: ScriptedLlm) -> str:
    return llm.base_url.replace("127.0.0.1", "localhost")


def keep_authority(url: str, name: str) -> None:
    kept = authorities.file_for(url)
    kept.parent.mkdir(parents=True)
    shutil.copy(TLS_FILES / name, kept)


@pytest.mark.usefixtures("at_home")
def test_a_gateway_with_an_authority_of_its_own_is_verified_by_that(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(TLS_FILES / "llm.example.test.crt"))
    with ScriptedLlm([stream()], tls=tls_context("localhost.pem")) as llm:
        keep_authority(as_localhost(llm), "localhost.pem")

        waiting.until_ready(llm, base_url=as_localhost(llm))

    assert llm.chats()


@pytest.mark.usefixtures("at_home")
def test_nobody_else_may_vouch_for_such_a_gateway(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(TLS_FILES / "localhost.pem"))
    with ScriptedLlm([stream()], tls=tls_context("localhost.pem")) as llm:
        keep_authority(as_localhost(llm), "llm.example.test.crt")

        with pytest.raises(CannotServe, match="`internal: true` is fetched again by `pulumi up`"):
            waiting.until_ready(llm, base_url=as_localhost(llm))

    assert [] == llm.asked


@pytest.mark.usefixtures("at_home")
def test_a_handshake_that_ends_in_an_alert_is_a_gateway_that_still_starts(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Caddy 2.11.7 sends `internal error` until its first certificate is cached, and logs before that it has it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(TLS_FILES / "localhost.pem"))
    alerts = iter([ssl.ALERT_DESCRIPTION_INTERNAL_ERROR] * 3)
    context = tls_context("localhost.pem")
    context.sni_callback = lambda *_: next(alerts, None)
    with ScriptedLlm([stream()], tls=context) as llm:
        waiting.until_ready(llm, base_url=as_localhost(llm))

    assert list(alerts) == []
    assert llm.chats()


def test_a_plain_server_behind_https_is_named(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm, pytest.raises(CannotServe, match="TLS: the server speaks plain HTTP"):
        waiting.until_ready(llm, base_url=llm.base_url.replace("http:", "https:"))


def test_loopback_is_called_past_any_proxy(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedLlm([refuse(407, "proxy")]) as proxy, ScriptedLlm([stream()]) as llm:
        monkeypatch.setenv("HTTP_PROXY", proxy.root_url)
        waiting.until_ready(llm)

        assert [] == proxy.asked


@pytest.mark.parametrize("token", [TOKEN, None])
def test_a_login_in_netrc_is_never_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str | None) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine llm.example.test login someone password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedLlm([stream()], routes={"http://llm.example.test/v1/models": listing(MODEL)}) as llm:
        # A name that is not loopback, reached through a proxy that is: netrc is read for such hosts.
        monkeypatch.setenv("HTTP_PROXY", llm.root_url)
        probe_once(Target("http://llm.example.test/v1", MODEL, "hosted", token))

        assert [f"Bearer {TOKEN}" if token else None] == [asked.headers.get("authorization") for asked in llm.asked]


def test_a_request_that_is_given_up_is_closed(waiting: Waiting) -> None:
    gone = threading.Event()

    def hang_until_closed(connection: Connection, asked: Asked) -> None:
        hang(lambda: waiting.clock.advance(5), *COUNTING[:2])(connection, asked)
        gone.set()

    with ScriptedLlm([hang_until_closed]) as llm:
        with pytest.raises(NotReady):
            waiting.until_ready(llm)

        assert gone.wait(10)


def test_a_fault_that_nobody_foresaw_is_raised_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(20))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of our own")

    def look() -> None:
        next(looks)

    monkeypatch.setattr(requests.Session, "request", broken)
    request = Request("GET", "http://127.0.0.1:9/v1")

    with (
        Exchange(request, clock=lambda: 0.0, tick=look, silence_s=1.0) as exchange,
        pytest.raises(RuntimeError, match="a fault of our own"),
    ):
        exchange.head()


def test_a_token_that_no_header_can_hold_is_refused_unseen(waiting: Waiting) -> None:
    with ScriptedLlm([stream()]) as llm, pytest.raises(NotReady, match="the request cannot be sent") as told:
        waiting.until_ready(llm, token="canary-token\r\nx-evil: 1")

    assert "canary" not in str(told.value)


def test_one_look_at_a_serving_endpoint_asks_for_one_token() -> None:
    with ScriptedLlm([stream()]) as llm:
        assert probe_once(target(llm)).healthy

    assert [1] == [asked.json()["max_tokens"] for asked in llm.chats()]


def test_one_look_goes_through_the_url_of_the_agent() -> None:
    with ScriptedLlm([stream()]) as llm, ScriptedLlm([stream()]) as public:
        assert probe_once(target(llm, public_url=public.base_url)).healthy

        assert (0, 2) == (len(llm.asked), len(public.asked))


def test_one_look_at_a_hosted_endpoint_costs_no_completion() -> None:
    with ScriptedLlm([stream()]) as llm:
        assert probe_once(target(llm, engine="hosted")).healthy

    assert ["/v1/models"] == [asked.path for asked in llm.asked]


@pytest.mark.parametrize(("chat", "healthy"), [(stream(), True), (refuse(401, "no such key"), False)])
def test_one_look_asks_for_a_completion_when_the_models_are_withheld(chat: Act, healthy: bool) -> None:  # noqa: FBT001 - pytest passes it
    with ScriptedLlm([chat], models=refuse(401, "x-api-key header is required")) as llm:
        assert healthy == probe_once(target(llm, engine="hosted")).healthy


def test_a_busy_endpoint_is_alive() -> None:
    with ScriptedLlm([refuse(429, "queue full")]) as llm:
        assert probe_once(target(llm)).healthy


def test_a_dead_endpoint_is_seen_at_one_look() -> None:
    with ScriptedLlm([stream()], closed=True) as llm:
        assert "connection refused" == probe_once(target(llm)).reason


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (refuse(500, f"key {TOKEN}"), "HTTP 500 key [hidden]"),
        (stream(event({"error": {"message": "engine is dead"}})), "an error inside the stream: engine is dead"),
        (raw_answer(200, b"<html>", Content_Type="text/html"), "not SSE: HTTP 200 text/html"),
    ],
)
def test_an_endpoint_that_no_longer_streams_is_seen_at_one_look(act: object, reason: str) -> None:
    with ScriptedLlm([act]) as llm:  # type: ignore[list-item]  # parametrize loses the type
        assert (False, reason) == ((health := probe_once(target(llm))).healthy, health.reason)


@pytest.mark.parametrize("silent", ["hang", "drip"])
def test_one_look_takes_10_s_at_most(waiting: Waiting, silent: str) -> None:
    clock = waiting.clock
    act = hang(lambda: clock.advance(1)) if silent == "hang" else drip(lambda: clock.advance(1))
    with ScriptedLlm([act]) as llm:
        assert "no answer within 10 s" == probe_once(target(llm), clock=clock).reason


def test_a_server_that_keeps_the_connection_after_done_still_passes(waiting: Waiting) -> None:
    held_open = hang(lambda: waiting.clock.advance(0.1), *COUNTING)
    with ScriptedLlm([stream(), held_open]) as llm:
        evidence = waiting.until_ready(llm)

    assert ["the connection stayed open after [DONE]"] == [c.detail for c in evidence.checks if c.id == "C8"]

"""The real Caddy on our configuration: the private door, where an engine is proven before it is live."""

from collections.abc import Iterator

import pytest

from tests.fixtures.door_rows import NO_PRIVATE_ROUTES
from tests.fixtures.raw_http import exchange
from tests.fixtures.real_caddy import PRIVATE_TOKEN, ROUTES, TOKEN, RealCaddy, real_caddy
from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer
from tests.fixtures.scripted_socket import Asked


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda _: answer(200, {})) as server:
        yield server


@pytest.fixture(scope="module")
def caddy(upstream: ScriptedServer) -> Iterator[RealCaddy]:
    with real_caddy(upstream.port) as caddy:
        yield caddy


def asked_of(caddy: RealCaddy, upstream: ScriptedServer, path: str, method: str = "GET", **options: object) -> Asked:
    response = caddy.call(method, path, port=caddy.private_port, token=PRIVATE_TOKEN, **options)
    assert response.status_code == 200
    return upstream.asked[-1]


@pytest.mark.parametrize("slot", ["a", "b"])
@pytest.mark.parametrize("path", ["/", "/api/tags", "/v1/models?x=1", "/api/blobs/sha256:0a", "/a%2Fb%20c"])
def test_an_engine_is_asked_as_it_is(caddy: RealCaddy, upstream: ScriptedServer, slot: str, path: str) -> None:
    asked = asked_of(caddy, upstream, f"/engine-{slot}/{upstream.port}{path}")

    assert asked.path == path
    assert TOKEN not in str(asked)
    assert PRIVATE_TOKEN not in str(asked)
    assert "trugen-routes" not in asked.headers


def test_any_method_and_size_passes(caddy: RealCaddy, upstream: ScriptedServer) -> None:
    body = b"x" * 5_000_000

    asked = asked_of(caddy, upstream, f"/engine-a/{upstream.port}/api/blobs/x", "POST", data=body)

    assert (asked.method, len(asked.body)) == ("POST", len(body))
    assert asked_of(caddy, upstream, f"/engine-a/{upstream.port}/api/delete", "DELETE").method == "DELETE"


def test_the_relay_is_asked_with_the_routes_of_the_file(caddy: RealCaddy, upstream: ScriptedServer) -> None:
    asked = asked_of(caddy, upstream, "/relay/in-flight", headers={"Trugen-Routes": "evil"})

    assert (asked.path, asked.headers["trugen-routes"]) == ("/in-flight", ROUTES)


@pytest.mark.parametrize("token", [None, TOKEN, "", "*", PRIVATE_TOKEN[:-1]])
@pytest.mark.parametrize("path", ["/engine-a/1/api/tags", "/relay/in-flight", "/"])
def test_only_its_own_token_opens_it(caddy: RealCaddy, token: str | None, path: str) -> None:
    assert caddy.get(path, port=caddy.private_port, token=token).status_code == 401


def test_its_token_opens_nothing_when_the_file_is_missing(caddy: RealCaddy) -> None:
    (caddy.folder / "private-token").unlink()
    try:
        statuses = {
            caddy.get("/relay/x", port=caddy.private_port, token=token).status_code for token in ("", PRIVATE_TOKEN)
        }
    finally:
        caddy.write("private-token", PRIVATE_TOKEN)

    assert statuses == {401}


@pytest.mark.parametrize("host", ["llm.example.test", "gateway", "169.254.169.254"])
def test_a_page_in_a_browser_cannot_reach_it_by_another_name(caddy: RealCaddy, host: str) -> None:
    response = caddy.get("/relay/x", port=caddy.private_port, token=PRIVATE_TOKEN, headers={"Host": host})

    assert response.status_code == 421


@pytest.mark.parametrize("path", NO_PRIVATE_ROUTES)
def test_all_else_is_404(caddy: RealCaddy, path: str) -> None:
    assert caddy.get(path, port=caddy.private_port, token=PRIVATE_TOKEN).status_code == 404


TRAVERSALS = [
    "/engine-a/{}/../../relay/x",
    "/engine-a/{}/%2e%2e/%2e%2e/x",
    "/relay/../engine-a/{}/x",
    "/./engine-a/{}/x",
]


@pytest.mark.parametrize("target", TRAVERSALS)
def test_dots_lead_from_an_engine_to_nothing_else(caddy: RealCaddy, upstream: ScriptedServer, target: str) -> None:
    before = len(upstream.asked)
    lines = [
        f"GET {target.format(upstream.port)} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {PRIVATE_TOKEN}",
    ]

    exchange(caddy.private_port, "\r\n".join([*lines, "Connection: close", "", ""]).encode())

    assert [asked for asked in upstream.asked[before:] if "trugen-routes" in asked.headers] == []


def test_health_and_metrics_are_for_everybody_on_the_private_network(caddy: RealCaddy) -> None:
    answers = [caddy.get(path, port=caddy.metrics_port, token=None) for path in ("/healthz", "/metrics", "/config/")]

    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert "caddy_http_requests_total" in answers[1].text


def test_metrics_tell_nothing_a_caller_said(caddy: RealCaddy) -> None:
    canary = "canary-31c0"
    caddy.get(f"/{canary}?{canary}", headers={"Host": canary, "X-A": canary}, token=canary)

    assert canary not in caddy.get("/metrics", port=caddy.metrics_port, token=None).text

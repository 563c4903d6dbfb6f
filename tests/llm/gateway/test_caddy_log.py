"""The real Caddy on our configuration: what its log says about a request, and what it must never say."""

import json
from typing import Any

from tests.fixtures.real_caddy import PRIVATE_TOKEN, TOKEN, RealCaddy, real_caddy
from tests.fixtures.scripted_llm import answer
from tests.fixtures.scripted_server import ScriptedServer

SECRET = "canary-8d1f"
EVERYWHERE: dict[str, Any] = {
    "params": {"access_token": SECRET},
    "headers": {"Cookie": f"session={SECRET}", "X-Api-Key": SECRET, "Trugen-Routes": SECRET, "User-Agent": SECRET},
    "data": json.dumps({"messages": [{"role": "user", "content": SECRET}]}),
}


def access_line(caddy: RealCaddy, status: int) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(
        caddy.logged(lambda line: "http.log.access" in line and f'"status":{status}' in line)
    )
    return line


def test_a_line_tells_method_path_status_duration_and_host() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port) as caddy:
        caddy.call("POST", "/v1/chat/completions", **EVERYWHERE)
        line = access_line(caddy, 200)

    assert line["request"].items() >= {"method": "POST", "uri": "/v1/chat/completions"}.items()
    assert line["request"]["host"] == f"127.0.0.1:{caddy.port}"
    assert line["request"].keys() <= {"method", "uri", "host", "proto", "remote_ip"}
    assert line["duration"] > 0


def test_no_line_holds_a_token_a_header_a_query_or_a_body() -> None:
    said = answer(200, {"said": SECRET}, **{"X-Said": SECRET, "Set-Cookie": SECRET})
    with ScriptedServer(lambda _: said) as upstream, real_caddy(upstream.port, maxBody=1024) as caddy:
        caddy.call("POST", "/v1/chat/completions", **EVERYWHERE)
        caddy.call("POST", "/v1/chat/completions", token=SECRET, **EVERYWHERE)
        caddy.call("POST", "/elsewhere", **EVERYWHERE)
        caddy.call("POST", "/v1/chat/completions", **EVERYWHERE | {"data": SECRET * 1000})
        caddy.call("GET", f"/engine-a/{upstream.port}/x", port=caddy.private_port, token=PRIVATE_TOKEN, **EVERYWHERE)
        (caddy.folder / "token").unlink()
        caddy.call("POST", "/v1/chat/completions", **EVERYWHERE)
        upstream.close()
        caddy.write("token", TOKEN)
        caddy.call("POST", "/v1/chat/completions", **EVERYWHERE)
        for status in (200, 401, 404, 413, 502):
            access_line(caddy, status)

    everything = "".join(caddy.lines)
    assert [secret for secret in (SECRET, TOKEN, PRIVATE_TOKEN, "Bearer") if secret in everything] == []


def test_a_former_token_that_is_missing_is_an_error_for_each_request_and_an_empty_one_is_none() -> None:
    with ScriptedServer(lambda _: answer(200, {})) as upstream, real_caddy(upstream.port) as caddy:
        caddy.call("POST", "/v1/chat/completions", token="another", **EVERYWHERE)
        access_line(caddy, 401)
        with_empty_ones = [line for line in caddy.lines if '"level":"error"' in line]
        (caddy.folder / "older-token").unlink()
        caddy.call("POST", "/v1/chat/completions", token="another", **EVERYWHERE)

        assert '"level":"error"' in caddy.logged(lambda line: "/older-token" in line)
    assert [] == with_empty_ones

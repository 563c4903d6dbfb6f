"""The text that Caddy is started on. tests/llm/gateway/test_caddy_*.py start the real one on it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.llm.gateway.caddyfile import RELOAD, SCRATCH, STORAGE, caddyfile
from components.llm.gateway.document import GatewaySettings
from components.llm.gateway.places import PLACE

HOSTNAME = "llm.example.com"
METRICS = "gateway-private:9180"
TLS: dict[str, Any] = {
    "acme": {"hostname": HOSTNAME, "acmeEmail": "ops@example.com"},
    "files": {"hostname": HOSTNAME, "certificate": "c.pem", "key": "k.pem"},
    "internal": {"hostname": HOSTNAME, "internal": True},
}
FILES_OF_A_REQUEST = ("token", "previous-token", "older-token", "private-token", "engine-key", "routes.json")
EVERY: dict[str, Any] = {
    "plain": {},
    **{kind: {"tls": tls} for kind, tls in TLS.items()},
    "tunnel": {"tls": TLS["acme"], "tunnel": {"kind": "cloudflared", "hostname": "llm.example.org"}},
    "limits": {"maxBody": "1MiB", "maxConcurrent": 7, "hosts": ["a.example.com"], "bind": "::"},
}


def written(public_url: str | None = None, **settings: Any) -> str:
    return caddyfile(GatewaySettings.model_validate(settings), public_url)


def adapted(text: str, folder: Path) -> Any:
    """What Caddy makes of it; a remark of Caddy about the text is a failure."""
    (folder / "Caddyfile").write_text(text)
    done = subprocess.run(
        ["caddy", "adapt", "--config", folder / "Caddyfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def hosts_of(text: str) -> list[str]:
    public = text[text.index("(public)") :]
    return public[public.index("not host ") :].splitlines()[0].split()[2:]


@pytest.mark.parametrize("settings", EVERY.values(), ids=EVERY.keys())
def test_caddy_understands_every_kind_and_finds_nothing_to_format(settings: Any, tmp_path: Path) -> None:
    assert adapted(written(**settings), tmp_path)["apps"]["http"]["servers"]


def listeners(settings: dict[str, Any], folder: Path) -> set[str]:
    servers = adapted(written(**settings), folder)["apps"]["http"]["servers"].values()
    return {address for server in servers for address in server["listen"]}


def test_the_doors_are_those_that_are_asked_for(tmp_path: Path) -> None:
    assert listeners(EVERY["plain"], tmp_path) == {":8080", ":8081", METRICS}
    assert listeners(EVERY["acme"], tmp_path) == {":8443", ":8081", METRICS}
    assert listeners(EVERY["tunnel"], tmp_path) == {":8443", ":8080", ":8081", METRICS}


def test_limits_stand_as_declared() -> None:
    text = written(**EVERY["limits"])

    assert "max_size 1048576\n" in text
    assert "unhealthy_request_count 7\n" in text


def test_it_answers_to_every_name_the_stack_gives_it_and_to_no_other() -> None:
    text = written(
        "https://Public.example.com:8443/v1", hosts=["more.example.com"], bind="192.168.1.5", **EVERY["tunnel"]
    )

    assert set(hosts_of(text)) == {
        "public.example.com",
        "llm.example.com",
        "llm.example.org",
        "more.example.com",
        "192.168.1.5",
        "127.0.0.1",
        "localhost",
    }


def test_it_answers_to_no_address_when_it_listens_on_all() -> None:
    assert hosts_of(written(bind="0.0.0.0")) == ["127.0.0.1", "localhost"]


def test_only_the_challenge_that_needs_no_second_port_is_left(tmp_path: Path) -> None:
    config = adapted(written(**EVERY["acme"]), tmp_path)

    (issuer,) = config["apps"]["tls"]["automation"]["policies"][0]["issuers"]
    assert issuer["challenges"] == {"http": {"disabled": True}, "tls-alpn": {"alternate_port": 8443}}
    assert issuer["email"] == "ops@example.com"
    servers = config["apps"]["http"]["servers"].values()
    assert [server["automatic_https"] for server in servers] == [{"disable_redirects": True}] * len(servers)


def test_a_certificate_is_asked_for_the_hostname_only(tmp_path: Path) -> None:
    config = adapted(written("https://other.example.com", hosts=["more.example.com"], **EVERY["acme"]), tmp_path)

    policies = config["apps"]["tls"]["automation"]["policies"]
    assert [policy["subjects"] for policy in policies] == [[HOSTNAME]]


@pytest.mark.parametrize(
    ("kind", "storage"), [("plain", SCRATCH), ("files", SCRATCH), ("acme", STORAGE), ("internal", STORAGE)]
)
def test_only_certificates_that_caddy_gets_itself_are_kept(kind: str, storage: str, tmp_path: Path) -> None:
    assert adapted(written(**EVERY[kind]), tmp_path)["storage"] == {"module": "file_system", "root": storage}


def test_the_address_of_an_engine_is_its_slot_and_the_port_asked_for(tmp_path: Path) -> None:
    text = json.dumps(adapted(written(), tmp_path))

    assert set(re.findall(r'"dial": "([^"]*)"', text)) == {
        "relay:8090",
        "engine-{http.regexp.engine.1}:{http.regexp.engine.2}",
    }


def test_no_stream_is_cut_by_the_clock(tmp_path: Path) -> None:
    servers = adapted(written(), tmp_path)["apps"]["http"]["servers"].values()

    assert [server.get("write_timeout") for server in servers] == [None, None, None]


@pytest.mark.parametrize("settings", EVERY.values(), ids=EVERY.keys())
def test_it_holds_no_secret_but_the_places_of_files(settings: Any) -> None:
    read = set(re.findall(r"\{file\.([^}]*)\}", written(**settings)))

    assert read == {f"{PLACE}/{name}" for name in FILES_OF_A_REQUEST}


def test_the_administration_listens_on_a_socket_of_the_container_only(tmp_path: Path) -> None:
    admin = adapted(written(), tmp_path)["admin"]

    assert admin == {"listen": "unix//tmp/caddy-admin.sock", "config": {"persist": False}}
    assert RELOAD[-1] == admin["listen"]

"""What a stack may say about the door of an LLM."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.llm.gateway.document import GatewaySettings

ACME = {"hostname": "llm.example.com", "acmeEmail": "ops@example.com"}
FILES = {"hostname": "llm.example.com", "certificate": "tls/chain.pem", "key": "tls/key.pem"}
INTERNAL = {"hostname": "llm.lan", "internal": True}
HOSTILE = [
    "a}\n\trespond 200",
    "a {\n",
    "{$HOME}",
    "{env.HOME}",
    "{file./etc/passwd}",
    "a b",
    'a"b',
    "a`b",
    "a\nb",
    "a\n",
    "a\tb",
    "a#b",
    "a\0b",
    "a\\",
    "*",
    "import /etc/passwd",
    "",
    " ",
]


def refusal(**settings: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        GatewaySettings.model_validate(settings)
    return str(refused.value)


def test_nothing_said_is_plain_http_for_this_machine_only() -> None:
    settings = GatewaySettings()

    assert (settings.binds, settings.tls, settings.tunnel) == ("127.0.0.1", None, None)
    assert (settings.max_body, settings.max_concurrent) == (4 * 2**20, 256)


def test_tls_opens_it_to_other_machines_unless_an_address_is_named() -> None:
    assert GatewaySettings.model_validate({"tls": INTERNAL}).binds == "0.0.0.0"
    assert GatewaySettings.model_validate({"tls": INTERNAL, "bind": "10.0.0.5"}).binds == "10.0.0.5"


@pytest.mark.parametrize("tls", [ACME, FILES, INTERNAL], ids=["acme", "files", "internal"])
def test_a_certificate_comes_in_one_of_three_ways(tls: dict[str, Any]) -> None:
    kind = GatewaySettings.model_validate({"tls": tls}).tls

    assert kind is not None
    assert (kind.by_acme, kind.by_files, bool(kind.internal)) == (tls is ACME, tls is FILES, tls is INTERNAL)


@pytest.mark.parametrize(
    ("tls", "ways"),
    [
        ({"hostname": "llm.example.com"}, 0),
        (ACME | FILES, 2),
        (ACME | {"internal": True}, 2),
        (FILES | {"internal": True}, 2),
        (ACME | FILES | {"internal": True}, 3),
    ],
)
def test_a_certificate_from_nowhere_or_from_several_places_is_refused(tls: dict[str, Any], ways: int) -> None:
    assert f"in {ways} ways" in refusal(tls=tls)


@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_a_certificate_without_its_key_is_refused(missing: str) -> None:
    assert "names only one of" in refusal(tls={name: value for name, value in FILES.items() if name != missing})


@pytest.mark.parametrize("hostname", ["localhost", "gpu-box", "llm.lan", "10.0.0.5", "127.0.0.1"])
def test_no_public_ca_is_asked_for_a_name_of_this_network(hostname: str) -> None:
    assert "write `internal: true`" in refusal(tls=ACME | {"hostname": hostname})


def test_false_is_no_way_to_get_a_certificate() -> None:
    assert "internal" in refusal(tls=INTERNAL | {"internal": False})


NO_HOSTS = ["*.example.com", "example.com:443", "https://example.com", "example.com/", "Example.com", "-a.com", "a..b"]


@pytest.mark.parametrize("text", [*NO_HOSTS, *HOSTILE, "a" * 64, ".".join(["a" * 60] * 5), "[::1]", "a_b", "ä.example"])
def test_a_host_is_one_plain_name(text: str) -> None:
    assert "one host name like" in refusal(hosts=[text])
    assert "one host name like" in refusal(tls=INTERNAL | {"hostname": text})
    assert "one host name like" in refusal(tunnel={"kind": "ngrok", "hostname": text})


@pytest.mark.parametrize("text", [*HOSTILE, "ops", "ops@", "@example.com", "ops@example", "a@b@example.com"])
def test_an_e_mail_address_is_a_plain_one(text: str) -> None:
    assert "like 'ops@example.com'" in refusal(tls=ACME | {"acmeEmail": text})


@pytest.mark.parametrize("text", [*HOSTILE, "localhost", "127.0.0.1:80", "10.0.0.0/8", "127.1", "300.0.0.1", "[::1]"])
def test_the_door_listens_on_an_ip_address(text: str) -> None:
    assert "is no IP address" in refusal(bind=text)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "::1", "192.168.1.5"])
def test_any_ip_address_may_be_named(address: str) -> None:
    assert GatewaySettings.model_validate({"bind": address}).binds == address


@pytest.mark.parametrize("text", [*HOSTILE, "caddy:2.11.7\n", "caddy:2.11.7 --x", "-caddy:2", "caddy:2.11.7@sha256:0"])
def test_an_image_is_one_reference_with_a_tag(text: str) -> None:
    assert "pin a tag" in refusal(image=text)
    assert "pin a tag" in refusal(relayImage=text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("maxBody", 0),
        ("maxBody", "1 KB"),
        ("maxBody", "2GiB"),
        ("maxBody", "4MiB\n}"),
        ("memory", "256MiB and more"),
        ("maxConcurrent", 0),
        ("maxConcurrent", "9}"),
        ("keepAliveS", 0),
        ("keepAliveS", 61),
        ("drainS", -1),
        ("drainS", 3601),
        ("tokenGeneration", 0),
        ("memory", "1MiB"),
        ("image", "caddy:latest"),
        ("relayImage", "python"),
        ("tunnel", {"kind": "ssh", "hostname": "a.example.com"}),
        ("tunnel", {"kind": "ngrok"}),
        ("authentication", False),
    ],
)
def test_nonsense_is_refused_by_its_name(field: str, value: Any) -> None:
    assert field in refusal(**{field: value})

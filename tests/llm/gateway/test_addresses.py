"""The URLs of a gateway, by what a stack says of it."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from components.llm.document import Llm, SelfHosted
from components.llm.gateway.addresses import agent_url, derived_url, engine_url, needs_way_out, private_url

ACME = {"hostname": "llm.example.com", "acmeEmail": "ops@example.com"}
INTERNAL = {"hostname": "llm.example.com", "internal": True}
TUNNEL = {"kind": "cloudflared", "hostname": "tunnel.example.com"}


def llm(**declared: Any) -> SelfHosted:
    whole = {"engine": "ollama", "model": "llama3.2:1b", **declared}
    read = TypeAdapter(Llm).validate_python(whole, by_name=False)
    assert isinstance(read, SelfHosted)
    return read


@pytest.mark.parametrize(
    ("declared", "url"),
    [
        ({}, "http://127.0.0.1:11434/v1"),
        ({"port": 20001}, "http://127.0.0.1:20001/v1"),
        ({"gateway": {"bind": "10.0.0.5"}}, "http://10.0.0.5:11434/v1"),
        ({"gateway": {"bind": "::1"}}, "http://[::1]:11434/v1"),
        ({"gateway": {"bind": "0.0.0.0"}}, "http://127.0.0.1:11434/v1"),
        ({"gateway": {"tls": INTERNAL}}, "https://llm.example.com:11434/v1"),
        ({"gateway": {"tls": ACME}, "port": 443}, "https://llm.example.com/v1"),
        ({"gateway": {"tunnel": TUNNEL}}, "https://tunnel.example.com/v1"),
        ({"gateway": {"tls": ACME}, "publicUrl": "https://llm.example.com/v1"}, "https://llm.example.com/v1"),
    ],
)
def test_agents_call_what_the_stack_says_or_what_follows_from_it(declared: dict[str, Any], url: str) -> None:
    assert agent_url(llm(**declared)) == url


def test_a_public_url_alone_follows_from_nothing() -> None:
    assert derived_url(llm(publicUrl="https://llm.example.com/v1")) is None


@pytest.mark.parametrize(
    ("declared", "root"),
    [
        ({}, "http://127.0.0.1:11435"),
        ({"privatePort": 20009}, "http://127.0.0.1:20009"),
        ({"gateway": {"bind": "10.0.0.5"}}, "http://127.0.0.1:11435"),
        ({"gateway": {"tls": ACME}, "port": 443, "privatePort": 11434}, "http://127.0.0.1:11434"),
    ],
)
def test_the_private_door_is_on_loopback_whatever_the_public_one_is(declared: dict[str, Any], root: str) -> None:
    assert private_url(llm(**declared)) == root


def test_behind_the_private_door_an_engine_is_found_by_its_slot_and_its_own_port() -> None:
    llama_cpp = llm(engine="llama.cpp", model="support", gguf="models/support.gguf")

    assert engine_url(llm(), "a") == "http://127.0.0.1:11435/engine-a/11434"
    assert engine_url(llama_cpp, "b") == "http://127.0.0.1:18081/engine-b/8080"


@pytest.mark.parametrize("gateway", [{"tls": ACME}, {"tunnel": TUNNEL}], ids=["certificate authority", "tunnel"])
def test_the_gateways_network_has_a_way_out_for_whom_it_has_to_call(gateway: dict[str, Any]) -> None:
    assert needs_way_out(llm(gateway=gateway).gateway)


@pytest.mark.parametrize("gateway", [{}, {"tls": INTERNAL}], ids=["plain", "own authority"])
def test_otherwise_the_gateways_network_has_no_way_out(gateway: dict[str, Any]) -> None:
    assert not needs_way_out(llm(gateway=gateway).gateway)

"""The private door of a deployed stack: for this machine and the holder of its own token alone."""

import json

import docker
import pytest

from tests.fixtures.door_rows import NO_PRIVATE_ROUTES, OTHER_HOSTS, right, strangers
from tests.fixtures.guarded import CANARY, Guarded
from tests.fixtures.raw_http import exchange

pytestmark = pytest.mark.docker
NAMES_OF_STRANGERS = strangers("the names only", "")
IN_FLIGHT = "GET /relay/in-flight"


def test_its_token_opens_it_to_each_engines_own_api_and_to_the_relay(guarded: Guarded, private_token: str) -> None:
    tags = guarded.ask_privately("GET /engine-a/11434/api/tags", right(private_token))
    in_flight = guarded.ask_privately(IN_FLIGHT, right(private_token))

    assert b'"models":[' in tags
    assert isinstance(json.loads(in_flight.partition(b"\r\n\r\n")[2]), dict)


@pytest.mark.parametrize("name", NAMES_OF_STRANGERS)
def test_a_stranger_is_refused(guarded: Guarded, private_token: str, name: str) -> None:
    lines = strangers(private_token, CANARY)[name]

    answers = [guarded.ask_privately(first, *lines) for first in (IN_FLIGHT, "GET /engine-a/11434/api/tags", "GET /")]

    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 401"}


def test_neither_token_opens_the_other_door(guarded: Guarded, private_token: str) -> None:
    assert guarded.ask_privately(IN_FLIGHT, right(CANARY)).startswith(b"HTTP/1.1 401 ")
    assert guarded.ask("GET /v1/models", right(private_token)).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("path", NO_PRIVATE_ROUTES)
def test_a_path_that_names_neither_an_engine_nor_the_relay_leads_nowhere(
    guarded: Guarded, private_token: str, path: str
) -> None:
    assert guarded.ask_privately(f"GET {path}", right(private_token)).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "path",
    [
        "/engine-a/11434/../../relay/in-flight",
        "/engine-a/11434/%2e%2e/%2e%2e/relay/in-flight",
        "/engine-a/11434/..%2f..%2frelay/in-flight",
        "/relay/../engine-a/11434/api/tags",
        "/relay/%2e%2e/engine-a/11434/api/tags",
        "/./relay/../relay/../engine-a/11434/api/tags",
    ],
)
def test_dots_lead_from_one_place_to_no_other(guarded: Guarded, private_token: str, path: str) -> None:
    answer = guarded.ask_privately(f"GET {path}", right(private_token))

    assert answer[:12] in {b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 307", b"HTTP/1.1 301"}


def test_another_port_of_an_engine_has_nobody_behind_it(guarded: Guarded, private_token: str) -> None:
    ports = [22, 80, 2019, 8080, 8081, 8090]

    answers = {guarded.ask_privately(f"GET /engine-a/{port}/", right(private_token))[:12] for port in ports}

    assert answers == {b"HTTP/1.1 502"}


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_a_page_in_a_browser_cannot_reach_it_by_another_name(guarded: Guarded, private_token: str, host: str) -> None:
    assert guarded.ask_privately(IN_FLIGHT, right(private_token), host=host).startswith(b"HTTP/1.1 421 ")


def test_a_request_without_a_host_is_misdirected(guarded: Guarded, private_token: str) -> None:
    request = b"\r\n".join([b"GET /relay/in-flight HTTP/1.0", right(private_token), b"", b""])

    assert exchange(guarded.private_port, request).startswith(b"HTTP/1.0 421 ")


def test_the_file_of_its_token_is_for_the_eyes_of_the_gateways_process_only(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    seen = {name: guarded.owner_and_mode(engine, name) for name in ("token", "private-token", "key.pem", "Caddyfile")}

    assert seen == dict.fromkeys(seen, (65532, 65532, "0o400"))

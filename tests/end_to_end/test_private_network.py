"""
An engine on the private network: nobody outside has a way to it, and it has none out but the one opened for a fetch.

Judged inside the container, and by what the engine itself says: whatever stands between this machine and the internet
may accept any connection.
"""

import ast
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import docker
import pytest
import requests
from docker.models.containers import Container
from docker.models.networks import Network

from air_gapped import pins
from components.llm import egress
from components.llm.docker_limits import limit_processes
from components.llm.egress import EgressError
from components.llm.model_provider import OllamaModelProvider
from tests.fixtures.ollama_stand_in import OllamaStandIn

pytestmark = pytest.mark.docker
_NO_ROUTE = {"com.docker.network.bridge.inhibit_ipv4": "true"}
"""As components/llm/server.py declares the private network."""
_ANSWER = "canary answer of the engine"
_SERVER = f"""
import http.server
class Engine(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{_ANSWER}")
http.server.HTTPServer(("", 8080), Engine).serve_forever()
"""
_CONNECT = """
import concurrent.futures, socket, sys
def connect(address):
    try:
        socket.create_connection((address, 80), timeout=10).close()
        return "connected"
    except OSError as error:
        return error.strerror
with concurrent.futures.ThreadPoolExecutor() as pool:
    print(*zip(sys.argv[1:], pool.map(connect, sys.argv[1:])), sep="\\n")
"""
_THREADS = """
import sys, threading, time
try:
    for _ in range(int(sys.argv[1])):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
    print("started")
except RuntimeError:
    print("refused")
"""
_FETCH = """
import sys, time, urllib.request
for _ in range(100):
    try:
        print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
        break
    except OSError:
        time.sleep(0.1)  # it starts
"""


def own_address() -> str:
    """Of this machine, where it would go out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("203.0.113.1", 9))
        return str(sock.getsockname()[0])


@contextmanager
def network(engine: docker.DockerClient, **settings: Any) -> Iterator[Network]:
    made = engine.networks.create(f"trugen-llm-test-{secrets.token_hex(4)}", driver="bridge", **settings)
    try:
        yield made
    finally:
        made.remove()


@contextmanager
def serving(engine: docker.DockerClient, on: Network) -> Iterator[Container]:
    made = engine.containers.create(pins.PYTHON_IMAGE, ["python3", "-c", _SERVER], network=str(on.name), init=True)
    try:
        made.start()
        assert _ANSWER == said(made, _FETCH, "http://127.0.0.1:8080/")
        yield made
    finally:
        made.remove(force=True)


@pytest.fixture
def private(engine: docker.DockerClient) -> Iterator[Network]:
    with network(engine, internal=True, options=_NO_ROUTE) as made:
        yield made


@pytest.fixture
def way_out(engine: docker.DockerClient) -> Iterator[Network]:
    with network(engine) as made:
        yield made


@pytest.fixture
def server(engine: docker.DockerClient, private: Network, way_out: Network) -> Iterator[Container]:
    """On the private network; gone before *way_out* is, which it may be left on."""
    assert way_out.name
    with serving(engine, private) as made:
        yield made


def said(inside: Container, program: str, *words: str) -> str:
    return cast("bytes", inside.exec_run(["python3", "-c", program, *words]).output).decode().strip()


def networks(engine: docker.DockerClient, server: Container) -> dict[str, Any]:
    return dict(engine.containers.get(str(server.id)).attrs["NetworkSettings"]["Networks"])


def url_of(engine: docker.DockerClient, server: Container, on: Network) -> str:
    return f"http://{networks(engine, server)[str(on.name)]['IPAddress']}:8080/"


def answer_here(url: str) -> str:
    """What this machine gets from *url*; empty when it gets nothing."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, timeout=3).text
    except requests.RequestException:
        return ""


def test_a_neighbour_reaches_it(engine: docker.DockerClient, private: Network, server: Container) -> None:
    with serving(engine, private) as neighbour:
        assert _ANSWER == said(neighbour, _FETCH, url_of(engine, server, private))


def test_it_has_no_way_to_anywhere_outside(engine: docker.DockerClient, private: Network, server: Container) -> None:
    gateway = networks(engine, server)[str(private.name)]["Gateway"]
    # Somebody's resolver, nobody's address (RFC 5737), and this machine by three of its own.
    addresses = ["8.8.8.8", "203.0.113.1", "172.17.0.1", own_address(), *([gateway] if gateway else [])]

    # Which of the two depends on whether Docker gives the network a gateway, which then does not exist.
    nowhere = {"No route to host", "Network is unreachable"}
    found = dict(ast.literal_eval(line) for line in said(server, _CONNECT, *addresses).splitlines())
    assert {address: found[address] for address in addresses if found[address] not in nowhere} == {}


def test_this_machine_has_no_way_to_it(engine: docker.DockerClient, private: Network, server: Container) -> None:
    assert _ANSWER not in answer_here(url_of(engine, server, private))


def test_on_an_ordinary_network_this_machine_would_have_one(engine: docker.DockerClient, way_out: Network) -> None:
    with serving(engine, way_out) as server:
        assert _ANSWER == answer_here(url_of(engine, server, way_out))


def test_a_container_on_another_network_has_no_way_to_it(
    engine: docker.DockerClient, private: Network, way_out: Network, server: Container
) -> None:
    address = networks(engine, server)[str(private.name)]["IPAddress"]
    with serving(engine, way_out) as stranger:
        # Whatever routes out of that network may accept any connection, so it is the answer that counts.
        fetched = stranger.exec_run(["timeout", "5", "python3", "-c", _FETCH, f"http://{address}:8080/"])

    assert _ANSWER.encode() not in cast("bytes", fetched.output)


def test_the_way_out_is_open_only_while_something_is_fetched(
    engine: docker.DockerClient, private: Network, way_out: Network, server: Container
) -> None:
    with egress.open_while_fetching(str(server.id), way_out.name):
        during = set(networks(engine, server))

    assert ({private.name, way_out.name}, {private.name}) == (during, set(networks(engine, server)))


def test_a_fetch_that_fails_shuts_it(engine: docker.DockerClient, way_out: Network, server: Container) -> None:
    with pytest.raises(RuntimeError), egress.open_while_fetching(str(server.id), way_out.name):
        raise RuntimeError

    assert not egress.is_open(str(server.id), way_out.name)
    assert way_out.name not in networks(engine, server)


def test_an_engine_that_crashes_in_the_middle_comes_back_without_it(
    engine: docker.DockerClient, private: Network, way_out: Network, server: Container
) -> None:
    """Docker attaches a restarted container to whatever it was on."""
    with egress.open_while_fetching(str(server.id), way_out.name):
        server.kill()
        server.wait()
    server.start()

    assert {private.name} == set(networks(engine, server))


def test_a_way_out_that_a_killed_run_left_open_is_found_also_when_the_engine_is_stopped(
    way_out: Network, server: Container
) -> None:
    way_out.connect(server)
    running = egress.is_open(str(server.id), way_out.name)
    server.kill()
    server.wait()

    assert [True, True] == [running, egress.is_open(str(server.id), way_out.name)]


def test_a_way_out_that_is_open_already_is_shut_after_the_next_fetch(
    engine: docker.DockerClient, way_out: Network, server: Container
) -> None:
    way_out.connect(server)

    with egress.open_while_fetching(str(server.id), way_out.name):
        assert way_out.name in networks(engine, server)

    assert way_out.name not in networks(engine, server)


def test_a_way_out_found_open_by_a_refresh_is_shut_by_the_next_run(
    engine: docker.DockerClient, way_out: Network, server: Container
) -> None:
    with OllamaStandIn(models={"smollm2:135m": "abc"}).serve() as ollama:
        provider = OllamaModelProvider()
        props = {
            "api_url": ollama.url,
            "server": server.id,
            "egress_network": way_out.name,
            "model": "smollm2:135m",
            "stall_timeout_s": 30,
            "progress_urn": "",
        }
        outs = provider.create(props).outs or {}
        assert not provider.diff("model", provider.read("model", outs).outs or {}, props).changes
        way_out.connect(server)

        seen = provider.read("model", outs).outs or {}
        assert provider.diff("model", seen, props).changes
        healed = provider.update("model", seen, props).outs or {}

    assert way_out.name not in networks(engine, server)
    assert not provider.diff("model", healed, props).changes
    assert 0 == ollama.count("/api/pull")


def test_a_pull_that_fails_leaves_no_way_out(engine: docker.DockerClient, way_out: Network, server: Container) -> None:
    with OllamaStandIn(pulls=[[{"error": "pull model manifest: file does not exist"}]]).serve() as ollama:
        props = {"api_url": ollama.url, "server": server.id, "egress_network": way_out.name, "model": "none:latest"}
        with pytest.raises(Exception, match="does not exist"):
            OllamaModelProvider().create({**props, "stall_timeout_s": 30, "progress_urn": ""})

    assert way_out.name not in networks(engine, server)


def test_a_container_that_is_gone_has_no_way_out_to_shut(way_out: Network) -> None:
    egress.shut("no-such-container", way_out.name)

    assert not egress.is_open("no-such-container", way_out.name)


def test_a_way_out_that_cannot_be_opened_is_told_with_what_to_do(server: Container) -> None:
    fetching = egress.open_while_fetching(str(server.id), "no-such-network")
    with pytest.raises(EgressError, match=r"(?s)the way out 'no-such-network'.*run `pulumi up` again"), fetching:
        pass


def test_an_engine_that_fetches_nothing_is_not_touched(engine: docker.DockerClient, server: Container) -> None:
    before = networks(engine, server)

    with egress.open_while_fetching(str(server.id), None):
        pass

    assert before == networks(engine, server)
    assert not egress.is_open(str(server.id), None)


def test_the_limit_of_processes_outlives_a_restart(engine: docker.DockerClient, server: Container) -> None:
    assert "started" == said(server, _THREADS, "100")
    limit_processes(str(server.id), 77)
    server.restart(timeout=0)

    assert 77 == engine.containers.get(str(server.id)).attrs["HostConfig"]["PidsLimit"]
    assert "refused" == said(server, _THREADS, "100")

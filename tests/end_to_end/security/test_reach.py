"""Who reaches whom of a deployed stack: port scans from outside, and ways out from inside."""

import ipaddress
import secrets
import socket
from collections.abc import Iterator, Mapping

import docker
import pytest
from docker.models.networks import Network

from air_gapped import pins
from components.llm.engines import OLLAMA
from tests.fixtures.guarded import Guarded
from tests.fixtures.one_shot import answers, open_ports, resolved, told_in

pytestmark = pytest.mark.docker
ALL = (1, 65535)
INSIDE = [80, 443, 2019, 8080, 8081, 8090, 8443, 9180, 11434]
"""Every port that a process of the stack listens on, or that its images expose."""
LIMIT_S, SCAN_LIMIT_S = 1.0, 5.0
"""Whoever is reached at all answers in milliseconds; a batch of a scan ends when all of it is refused."""
ROLES = ["engine", "relay", "gateway"]
OUTSIDE = ["http://1.1.1.1/", "http://8.8.8.8:53/", "http://192.0.2.1/", "https://1.1.1.1/"]
METADATA = "http://169.254.169.254/latest/meta-data/"
NAMES = ["example.com", "pypi.org", "registry.ollama.ai", "huggingface.co", "metadata.google.internal"]
OLLAMA_SAYS = "Ollama is running"


@pytest.fixture(scope="module")
def elsewhere(engine: docker.DockerClient) -> Iterator[Network]:
    """Another network of this Docker, as any other stack on this machine has one."""
    network = engine.networks.create(f"trugen-llm-test-{secrets.token_hex(4)}", driver="bridge")
    try:
        yield network
    finally:
        network.remove()


@pytest.fixture(scope="module")
def neighbour(engine: docker.DockerClient, elsewhere: Network) -> Iterator[str]:
    """URL of somebody on that other network, whom containers there do reach."""
    command = ["python3", "-m", "http.server", "8000"]
    served = engine.containers.run(pins.PYTHON_IMAGE, command, network=str(elsewhere.name), detach=True)
    try:
        served.reload()
        url = f"http://{served.attrs['NetworkSettings']['Networks'][elsewhere.name]['IPAddress']}:8000/"
        assert any(told_in(engine, answers, [url], LIMIT_S, network=elsewhere.name)[url] for _ in range(10))
        yield url
    finally:
        served.remove(force=True)


def each(ports: list[int]) -> list[tuple[int, int]]:
    return [(port, port) for port in ports]


def gateway_of(network: Network) -> str:
    """This machine's address on *network*."""
    network.reload()
    return str(network.attrs["IPAM"]["Config"][0]["Gateway"].partition("/")[0])


def addresses(guarded: Guarded, engine: docker.DockerClient, role: str) -> Mapping[str, str]:
    """Of a container, by network."""
    networks = guarded.roles(engine)[role].attrs["NetworkSettings"]["Networks"]
    return {name: settings["IPAddress"] for name, settings in networks.items()}


def place(guarded: Guarded, engine: docker.DockerClient, role: str) -> str:
    return f"container:{guarded.roles(engine)[role].id}"


def test_a_port_scan_from_outside_finds_the_public_door_and_nothing_else_of_this_stack(
    guarded: Guarded, engine: docker.DockerClient, elsewhere: Network
) -> None:
    of_this_stack = {guarded.port, guarded.private_port, guarded.sandbox_port, *INSIDE}

    found = told_in(engine, open_ports, [gateway_of(elsewhere)], [ALL], SCAN_LIMIT_S, network=elsewhere.name)

    assert {port for _, port in found} & of_this_stack == {guarded.port}


def test_a_port_scan_from_the_gateways_own_front_network_finds_nothing(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    front = guarded.names.front_network
    (at,) = [ip for network, ip in addresses(guarded, engine, "gateway").items() if network == front]

    # Silently dropped, so that each batch takes the limit.
    found = told_in(engine, open_ports, [at], [(1, 1024), *each(INSIDE)], LIMIT_S, network=front)

    assert found == []


def test_docker_publishes_the_two_doors_where_the_stack_says_and_nothing_else(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    published = {role: {p: at for p, at in one.ports.items() if at} for role, one in guarded.roles(engine).items()}

    assert published == {
        "engine": {},
        "relay": {},
        "gateway": {
            "8081/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(guarded.private_port)}],
            "8443/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(guarded.port)}],
        },
    }


@pytest.mark.parametrize("which", ["network", "machine"])
def test_the_private_door_and_the_sandbox_are_on_loopback_only(
    guarded: Guarded, elsewhere: Network, which: str
) -> None:
    address = gateway_of(elsewhere) if which == "network" else _own_address()

    ports = [guarded.private_port, guarded.sandbox_port, guarded.port]

    assert open_ports([address], each(ports), LIMIT_S) == [(address, guarded.port)]
    assert {port for _, port in open_ports(["127.0.0.1"], each(ports), LIMIT_S)} == set(ports)


def test_from_another_network_the_gateway_is_not_reached_by_its_own_address(
    guarded: Guarded, engine: docker.DockerClient, elsewhere: Network
) -> None:
    at = addresses(guarded, engine, "gateway")[guarded.names.front_network]

    assert told_in(engine, open_ports, [at], each(INSIDE), LIMIT_S, network=elsewhere.name) == []


@pytest.mark.parametrize("network", ["host", "front", "another"])
def test_engine_and_relay_are_not_reached_by_their_addresses(
    guarded: Guarded, engine: docker.DockerClient, elsewhere: Network, network: str
) -> None:
    """By their own words: the default route of a machine may lead to somebody who answers to everything."""
    private = guarded.names.private_network
    ips = {role: addresses(guarded, engine, role)[private] for role in ("engine", "relay")}
    words = {f"http://{ips['engine']}:{OLLAMA.port}/": OLLAMA_SAYS, f"http://{ips['relay']}:8090/healthz": "{}"}
    at = {"host": "host", "front": guarded.names.front_network, "another": elsewhere.name}[network]

    inside = told_in(engine, answers, list(words), LIMIT_S, network_mode=place(guarded, engine, "gateway"))
    found = told_in(engine, answers, list(words), LIMIT_S, network=at)

    assert inside == words
    assert [url for url, said in found.items() if said == words[url]] == []


@pytest.mark.parametrize("role", ROLES)
def test_nobody_finds_a_way_out(guarded: Guarded, engine: docker.DockerClient, neighbour: str, role: str) -> None:
    urls = [*OUTSIDE, METADATA, neighbour]

    found = told_in(engine, answers, urls, LIMIT_S, network_mode=place(guarded, engine, role))

    assert found == dict.fromkeys(urls, "")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_learns_an_address_of_the_internet(guarded: Guarded, engine: docker.DockerClient, role: str) -> None:
    own = ["relay", "gateway", "engine-a"]

    found = told_in(engine, resolved, [*NAMES, *own], LIMIT_S, network_mode=place(guarded, engine, role))

    assert set(found) - set(own) == set()
    assert set(found) & set(own)


@pytest.mark.parametrize("role", ["engine", "relay"])
def test_engine_and_relay_do_not_even_reach_this_machine(
    guarded: Guarded, engine: docker.DockerClient, elsewhere: Network, role: str
) -> None:
    private = engine.networks.get(guarded.names.private_network)
    at = [gateway_of(private), gateway_of(elsewhere), _own_address()]

    found = told_in(engine, open_ports, at, each([guarded.port]), LIMIT_S, network_mode=place(guarded, engine, role))

    assert found == []


def _own_address() -> str:
    """Under which other machines know this one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.254", 9))
        address = str(sock.getsockname()[0])
    assert not ipaddress.ip_address(address).is_loopback
    return address

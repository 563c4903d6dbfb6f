"""What a look at Docker tells about the engines of one LLM. Docker is a stand-in."""

from collections.abc import Iterator

import docker
import pytest

from components.llm.gateway.found import read_file, read_live
from components.llm.gateway.slots import Found
from components.llm.names import Names
from tests.fixtures.docker_stand_in import DockerStandIn

NAMES = Names("trugen-llm", "test", "main")
IMAGE = "ollama/ollama:0.24.0"
ROUTES = (NAMES.gateway, "/run/trugen-llm/routes.json")


@pytest.fixture
def engine() -> Iterator[DockerStandIn]:
    with DockerStandIn().serve() as engine:
        yield engine


@pytest.fixture
def client(engine: DockerStandIn) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(engine.host)
    yield client
    client.close()


def test_before_the_first_run_there_is_nothing(client: docker.DockerClient) -> None:
    assert read_live(client, NAMES, IMAGE) == Found({}, None, frozenset())


def test_engines_are_told_by_their_labels(engine: DockerStandIn, client: docker.DockerClient) -> None:
    engine.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", "feed")))
    engine.add(NAMES.engine("b"), dict(NAMES.engine_labels("b", "beef")), state="exited")
    engine.files[ROUTES] = '{"live": "engine-b:11434", "models": {"m": "engine-a:11434"}}'

    assert read_live(client, NAMES, IMAGE) == Found(
        {"a": "feed", "b": "beef"}, "b", frozenset({"a"}), routed=frozenset({"a", "b"})
    )


def test_routes_that_were_being_replaced_when_somebody_died_are_told_by_the_copy(
    engine: DockerStandIn, client: docker.DockerClient
) -> None:
    engine.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", "feed")))
    engine.files[NAMES.gateway, "/run/trugen-llm/next-routes.json"] = '{"live": "engine-a:11434", "models": {}}'

    assert "a" == read_live(client, NAMES, IMAGE).live


@pytest.mark.parametrize("state", ["running", "restarting", "paused"])
def test_a_container_with_a_process_runs(engine: DockerStandIn, client: docker.DockerClient, state: str) -> None:
    engine.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", "feed")), state)

    assert read_live(client, NAMES, IMAGE).running == {"a"}


@pytest.mark.parametrize("state", ["created", "exited", "dead", "removing"])
def test_a_container_without_a_process_does_not(engine: DockerStandIn, client: docker.DockerClient, state: str) -> None:
    engine.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", "feed")), state)

    assert read_live(client, NAMES, IMAGE) == Found({"a": "feed"}, None, frozenset())


def test_an_engine_whose_tag_leads_to_another_image_by_now_is_not_the_declared_one(
    engine: DockerStandIn, client: docker.DockerClient
) -> None:
    """It would be replaced where it is."""
    engine.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", "feed")))["ImageID"] = "sha256:before-the-pull"
    engine.add(NAMES.engine("b"), dict(NAMES.engine_labels("b", "feed")))

    assert read_live(client, NAMES, IMAGE).engines == {"a": "", "b": "feed"}


def test_an_image_that_is_not_here_tells_nothing_about_engines(
    engine: DockerStandIn, client: docker.DockerClient
) -> None:
    engine.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", "feed")))

    assert read_live(client, NAMES, "ollama/ollama:0.25.0").engines == {"a": "feed"}


def test_engines_of_another_llm_and_containers_without_a_slot_are_not_looked_at(
    engine: DockerStandIn, client: docker.DockerClient
) -> None:
    other = Names("trugen-llm", "test", "other")
    engine.add(other.engine("a"), dict(other.engine_labels("a", "feed")))
    engine.add(NAMES.gateway, dict(NAMES.owner))

    assert read_live(client, NAMES, IMAGE) == Found({}, None, frozenset())


@pytest.mark.parametrize(
    "routes",
    ["", "{", "[]", "null", "{}", '{"live": null}', '{"live": "engine-c:80"}', '{"live": "engine-ab:80"}'],
)
def test_routes_that_name_no_engine_tell_nothing(
    engine: DockerStandIn, client: docker.DockerClient, routes: str
) -> None:
    engine.files[ROUTES] = routes

    assert read_live(client, NAMES, IMAGE).live is None


def test_a_file_that_is_not_there_is_none(engine: DockerStandIn, client: docker.DockerClient) -> None:
    engine.files[NAMES.gateway, "/run/trugen-llm/token"] = "t0k3n"

    assert read_file(client, NAMES.gateway, "token") == "t0k3n"
    assert read_file(client, NAMES.gateway, "private-token") is None

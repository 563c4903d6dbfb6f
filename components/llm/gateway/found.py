"""What Docker tells about the two slots of one LLM."""

from typing import TYPE_CHECKING

from components.llm.gateway.places import NEXT_ROUTES, PLACE, ROUTES
from components.llm.gateway.routes import Routes
from components.llm.gateway.slots import Found
from components.llm.names import SLOT_LABEL, SLOTS, SPEC_LABEL, Names, slot_at
from components.llm.volume_files import text_of

if TYPE_CHECKING:
    import docker

# Of Docker's states, those with a process that serves, will again, or holds memory (Docker Engine API, ContainerList).
_HAS_PROCESS = {"running", "restarting", "paused"}


def read_live(client: "docker.DockerClient", names: Names, image: str) -> Found:
    """
    The engines of this LLM, and the slot that its gateway sends requests to.

    One that runs something else than what *image*, the declared one, is called today is no declared engine: the docker
    provider would replace it where it is (`resourceDockerImageRead` of kreuzwerker/terraform-provider-docker).

    Raises:
        docker.errors.DockerException: Docker refused.
        requests.RequestException: Docker did not answer in time.
    """
    owner = [f"{label}={value}" for label, value in names.owner.items()]
    by_slot = {one["Labels"].get(SLOT_LABEL): one for one in client.api.containers(all=True, filters={"label": owner})}
    there = {slot: by_slot[slot] for slot in SLOTS if slot in by_slot}
    image_id = _id_of(client, image)
    parsed = (Routes.parse(read_file(client, names.gateway, file)) for file in (ROUTES, NEXT_ROUTES))
    routes = next((found for found in parsed if found is not None), None)
    addresses = (routes.live, *routes.models.values()) if routes else ()
    return Found(
        engines={
            slot: one["Labels"].get(SPEC_LABEL, "") if image_id in {one["ImageID"], None} else ""
            for slot, one in there.items()
        },
        live=slot_at(routes.live) if routes else None,
        running=frozenset(slot for slot, one in there.items() if one["State"] in _HAS_PROCESS),
        routed=frozenset(slot for at in addresses if (slot := slot_at(at)) is not None),
    )


def read_file(client: "docker.DockerClient", container: str, name: str) -> str | None:
    """The file *name* that the gateway reads, from its container, stopped or not; None when either is not there."""
    from docker.errors import NotFound  # noqa: PLC0415 - 0.1 s that only a stack with a server of its own has to pay

    try:
        stream, _ = client.api.get_archive(container, f"{PLACE}/{name}")
    except NotFound:
        return None
    return text_of(stream, name)


def _id_of(client: "docker.DockerClient", image: str) -> str | None:
    """None for an image that is not here, or when nobody can tell."""
    import requests  # noqa: PLC0415 - see read_file
    from docker.errors import APIError  # noqa: PLC0415 - see read_file

    try:
        return str(client.images.get(image).id)
    except (APIError, requests.RequestException):
        return None

"""The way out of a container that has none, open only while it fetches what it needs."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker.models.containers import Container


class EgressError(Exception):
    """Docker did not open or close the way out."""


@contextmanager
def open_while_fetching(container_id: str, network: str | None) -> Iterator[None]:
    """
    Attach *container_id* to *network*, and take it off again, whatever happens inside; None for one that may stay shut.

    Raises:
        EgressError: as the class says.
    """
    if network is None:
        yield
        return
    _change(network, container_id, attached=True)
    try:
        yield
    finally:
        shut(container_id, network)


def shut(container_id: str, network: str | None) -> None:
    """
    Take *container_id* off *network*, where an interrupted run may have left it.

    Raises:
        EgressError: as the class says.
    """
    if network is not None:
        _change(network, container_id, attached=False)


def is_open(container_id: str, network: str | None) -> bool:
    """Whether an interrupted run left the way out open; False when Docker does not tell."""
    import docker  # noqa: PLC0415 - 0.1 s that only a container of ours has to pay
    import requests  # noqa: PLC0415 - see above
    from docker.errors import DockerException  # noqa: PLC0415 - see above

    if network is None:
        return False
    try:
        with closing(docker.from_env()) as client:
            return network in _networks_of(client.containers.get(container_id))
    except (DockerException, requests.RequestException):
        return False


def _networks_of(container: "Container") -> Mapping[str, Any]:
    """As the container tells, since a network does not tell of a stopped one, which comes back to it when restarted."""
    networks: Mapping[str, Any] = container.attrs["NetworkSettings"]["Networks"]
    return networks


def _change(network: str, container_id: str, *, attached: bool) -> None:
    import docker  # noqa: PLC0415 - see is_open
    import requests  # noqa: PLC0415 - see is_open
    from docker.errors import DockerException, NotFound  # noqa: PLC0415 - see is_open

    try:
        with closing(docker.from_env()) as client:
            is_attached = network in _networks_of(client.containers.get(container_id))
            if attached and not is_attached:
                client.networks.get(network).connect(container_id)
            if not attached and is_attached:
                client.networks.get(network).disconnect(container_id, force=True)
    except (DockerException, requests.RequestException) as error:
        if isinstance(error, NotFound) and not attached:
            return  # without the container or the network there is no way out
        raise EgressError(
            f"Docker did not {'open' if attached else 'shut'} the way out '{network}': {error}.\n"
            "  See whether Docker is well with `docker info`, then run `pulumi up` again."
        ) from None

"""The way out of a container that has none, open only while it fetches what it needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker.models.networks import Network


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
    client = docker.from_env()
    try:
        return _is_on(client.networks.get(network), container_id)
    except (DockerException, requests.RequestException):
        return False
    finally:
        client.close()


def _is_on(network: "Network", container_id: str) -> bool:
    return container_id in network.attrs["Containers"]


def _change(network: str, container_id: str, *, attached: bool) -> None:
    import docker  # noqa: PLC0415 - see is_open
    import requests  # noqa: PLC0415 - see is_open
    from docker.errors import DockerException  # noqa: PLC0415 - see is_open

    client = docker.from_env()
    try:
        found = client.networks.get(network)
        if attached and not _is_on(found, container_id):
            found.connect(container_id)
        if not attached and _is_on(found, container_id):
            found.disconnect(container_id, force=True)
    except (DockerException, requests.RequestException) as error:
        raise EgressError(
            f"Docker did not change the network '{network}': {error}.\n"
            "  See whether Docker is well with `docker info`, then run `pulumi up` again."
        ) from None
    finally:
        client.close()

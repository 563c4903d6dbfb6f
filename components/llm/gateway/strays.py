"""
Engines of an LLM in the other slot than the one it uses.

After the agents have moved none belongs there: the former one goes, and with it what Pulumi does not know of, since the
run that made it was killed before it wrote so. A later delete by Pulumi takes one that is gone for done.
"""

from collections.abc import Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from components.llm.names import SLOT_LABEL, slot_at

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container


class StraysError(Exception):
    """Docker did not remove them."""


def are_there(owner: Mapping[str, str], address: str) -> bool:
    """Whether the LLM with the labels *owner* has one beside that at *address*; False when Docker does not tell."""
    import docker  # noqa: PLC0415 - 0.1 s that only an LLM of ours has to pay
    import requests  # noqa: PLC0415 - see above
    from docker.errors import DockerException  # noqa: PLC0415 - see above

    try:
        with closing(docker.from_env()) as client:
            return bool(_found(client, owner, address))
    except (DockerException, requests.RequestException):
        return False


def remove(owner: Mapping[str, str], address: str) -> None:
    """
    Raises:
        StraysError: as the class says.
    """
    import docker  # noqa: PLC0415 - see are_there
    import requests  # noqa: PLC0415 - see are_there
    from docker.errors import DockerException, NotFound  # noqa: PLC0415 - see are_there

    try:
        with closing(docker.from_env()) as client:
            for container in _found(client, owner, address):
                with suppress(NotFound):
                    container.remove(force=True)
    except (DockerException, requests.RequestException) as error:
        raise StraysError(
            f"A former engine could not be removed: {error}.\n"
            "  See whether Docker is well with `docker info`, then run `pulumi up` again."
        ) from None


def _found(client: "docker.DockerClient", owner: Mapping[str, str], address: str) -> "list[Container]":
    labels = [f"{label}={value}" for label, value in owner.items()]
    engines = client.containers.list(all=True, filters={"label": [*labels, SLOT_LABEL]})
    return [each for each in engines if each.labels[SLOT_LABEL] != slot_at(address)]

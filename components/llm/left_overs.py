"""
What an interrupted run left in Docker.

A run killed between Docker's answer and the state write leaves a container or network that Pulumi does not know. The
next run would then fail for ever ("name already in use"). Called right before Pulumi creates the real one, when nothing
of that name can be in the state.
"""

from collections.abc import Mapping

import docker
from docker.errors import NotFound


def remove_container(name: str, owner: Mapping[str, str]) -> None:
    """Remove the container *name* if it bears all of the *owner* labels; anybody else's stays."""
    client = docker.from_env()
    try:
        container = client.containers.get(name)
        if _is_ours(container.labels, owner):
            container.remove(force=True)
    except NotFound:
        return
    finally:
        client.close()


def remove_network(name: str, owner: Mapping[str, str]) -> None:
    """Remove networks *name* with the *owner* labels, and our containers in them: Docker allows several of one name."""
    client = docker.from_env()
    try:
        for network in client.networks.list(names=[f"^{name}$"], greedy=True):
            if not _is_ours(network.attrs["Labels"] or {}, owner):
                continue
            for container in network.containers:
                remove_container(container.name or "", owner)
            network.remove()
    finally:
        client.close()


def _is_ours(labels: Mapping[str, str], owner: Mapping[str, str]) -> bool:
    return owner.items() <= labels.items()

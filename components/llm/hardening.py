"""What every container of ours is denied, and how its parts are spelled for the Docker provider."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi
import pulumi_docker as docker

from components.llm import left_overs
from components.llm.docker_limits import limit_processes
from components.llm.names import Names

# The docker provider neither updates nor replaces on these (kreuzwerker/terraform-provider-docker#988).
_SILENTLY_IGNORED = ["healthcheck", "tmpfs"]
# With `unless-stopped` no container comes back after dockerd was killed: it stops those it finds alive and takes that
# for somebody's wish (moby/moby#41302; seen with 20.10.24).
RESTART = "always"
_IMAGE_PULL = pulumi.CustomTimeouts(create="60m")
Label = TypeVar("Label")


def hardened(*, scratch: str, capabilities: tuple[str, ...] = ()) -> dict[str, Any]:
    """
    Arguments of every container, by the numbers of the CIS Docker Benchmark: 5.4 no *capabilities* but these, 5.13
    read-only root with *scratch* as options of its `/tmp`, 5.26 no new privileges; a log that cannot fill the disk.
    """
    return {
        "must_run": True,
        "read_only": True,
        "tmpfs": {"/tmp": scratch},  # noqa: S108 - inside the container, so nobody else can race for it
        "log_driver": "json-file",
        "log_opts": {"max-file": "3", "max-size": "10m"},
        "capabilities": docker.ContainerCapabilitiesArgs(adds=list(capabilities) or None, drops=["ALL"]),
        "security_opts": ["no-new-privileges:true"],
        "network_mode": "bridge",
    }


def health(*command: str, interval: str = "30s") -> docker.ContainerHealthcheckArgs:
    """Go's own spelling of durations, all fields given: anything else is a diff on every run."""
    return docker.ContainerHealthcheckArgs(
        tests=command, interval=interval, timeout="10s", start_period="1m0s", start_interval="0s", retries=3
    )


def image(
    name: str, reference: str, parent: pulumi.Resource, *, after: Sequence[pulumi.Resource] = ()
) -> docker.RemoteImage:
    # Nothing is deleted with it. Deleted before it is replaced, it would take along the containers that run it.
    opts = pulumi.ResourceOptions(
        parent=parent, custom_timeouts=_IMAGE_PULL, delete_before_replace=False, depends_on=after
    )
    return docker.RemoteImage(name, name=reference, keep_locally=True, opts=opts)


def container_options(parent: pulumi.Resource, names: Names, container: str, processes: int) -> pulumi.ResourceOptions:
    """Those of a container that may run *processes*; it first clears away what an interrupted run left in its place."""

    def before_create(_: pulumi.ResourceHookArgs) -> None:
        left_overs.remove_container(container, names.owner)

    def after_create(_: pulumi.ResourceHookArgs) -> None:
        limit_processes(container, processes)

    hooks = pulumi.ResourceHookBinding(before_create=[before_create], after_create=[after_create])
    return pulumi.ResourceOptions(
        parent=parent,
        hooks=hooks,
        replace_on_changes=_SILENTLY_IGNORED,
        # Said again here: for a replace that only `replace_on_changes` asks for, the engine would create first.
        delete_before_replace=True,
    )


def network(
    name: str, parent: pulumi.Resource, names: Names, called: str, *, after: pulumi.Resource, **settings: Any
) -> docker.Network:
    """
    A bridge *called* so; it first clears away what an interrupted run left under that name.

    *after* is an image: one that turns out not to exist then leaves nothing in Docker.
    """

    def before_create(_: pulumi.ResourceHookArgs) -> None:
        left_overs.remove_network(called, names.owner)

    hooks = pulumi.ResourceHookBinding(before_create=[before_create])
    return docker.Network(
        name,
        name=called,
        driver="bridge",
        labels=labels(docker.NetworkLabelArgs, names.owner),
        opts=pulumi.ResourceOptions(parent=parent, hooks=hooks, depends_on=[after]),
        **settings,
    )


def labels(kind: Callable[..., Label], values: Mapping[str, pulumi.Input[str]]) -> list[Label]:
    return [kind(label=label, value=value) for label, value in sorted(values.items())]

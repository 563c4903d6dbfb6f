"""Policies for containers, whoever declares them."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.addresses import is_loopback
from policy.seen import GATEWAY_PARENT, VOLUME, Seen, Unknown
from policy.verdict import Finding, Settings, Violation, not_yet

# Caddy's official binary carries this one in its file and cannot be executed where it is dropped.
_OF_THE_GATEWAY = frozenset({"NET_BIND_SERVICE"})
_PRIVATE_DOOR = 8081
"""Port inside the gateway's container, behind which engines are proven and filled."""
_SOCKET_FOLDERS = frozenset({"/", "/var", "/var/run", "/run", "/run/containerd", "/run/podman"})
_SOCKET = re.compile(r".*/(?:docker|containerd|podman|crio)\.sock|/run/user(?:/\d+)?")
_UNCONFINED = re.compile(r"(?:seccomp|apparmor|systempaths)[:=]unconfined|label[:=]disable|no-new-privileges[:=]false")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what Docker takes where none is named


def memory_limit(seen: Seen, _: Settings) -> Iterator[Finding]:
    yield from not_yet(seen, "memory", "memorySwap")
    memory, swap = seen.get("memory"), seen.get("memorySwap")
    if isinstance(memory, Unknown):
        return
    if not isinstance(memory, int | float) or memory <= 0:
        yield Violation("memory is not limited: one container can take all of this machine's. Set `memory` (in MiB).")
    elif isinstance(swap, int | float) and swap < 0:
        yield Violation(f"memorySwap is {swap:g}, which is no limit. Set it to {memory:g}, the same as `memory`.")


def container_privileges(seen: Seen, _: Settings) -> Iterator[Finding]:
    yield from not_yet(seen, "privileged", "capabilities", "pidMode", "ipcMode", "usernsMode", "securityOpts")
    if _may_be_on(seen.get("privileged")):
        yield Violation("privileged is true: it is root of this machine. Remove it, and name the one device it needs.")
    for capability in sorted(_added(seen) - (_OF_THE_GATEWAY if seen.within(GATEWAY_PARENT) else frozenset())):
        yield Violation(f"capability {capability} is added. Remove it from `capabilities.adds`.")
    for mode in ("pidMode", "ipcMode", "usernsMode"):
        if seen.get(mode) == "host":
            yield Violation(f"{mode} is 'host': it shares that of this machine. Remove it.")
    for option in seen.words("securityOpts"):
        if _UNCONFINED.fullmatch(option):
            yield Violation(f"security option {option!r} takes a guard away. Remove it from `securityOpts`.")


def _added(seen: Seen) -> set[str]:
    capabilities = seen.get("capabilities")
    added = capabilities.get("adds") if isinstance(capabilities, Mapping) else None
    return {
        one.upper().removeprefix("CAP_") for one in (added if isinstance(added, list) else []) if isinstance(one, str)
    }


def docker_socket(seen: Seen, _: Settings) -> Iterator[Finding]:
    """The socket itself, and each folder that holds it."""
    if seen.type == VOLUME:
        yield from not_yet(seen, "driverOpts")
    else:
        yield from not_yet(seen, "volumes", "mounts")
    for path in _host_paths(seen):
        plain = posixpath.normpath("/" + path.lstrip("/"))
        if plain in _SOCKET_FOLDERS or _SOCKET.fullmatch(plain):
            yield Violation(
                f"{plain} of this machine is mounted, with Docker's socket in it: whoever is in the container is root"
                " here. Remove the mount."
            )


def _host_paths(seen: Seen) -> Iterator[str]:
    options = seen.get("driverOpts") if seen.type == VOLUME else None
    found: list[Any] = [options.get("device")] if isinstance(options, Mapping) else []
    found += [volume.get("hostPath") for volume in seen.objects("volumes")]
    found += [mount.get("source") for mount in seen.objects("mounts")]
    # A volume that Docker makes for this mount alone.
    found += [_within(mount, "volumeOptions", "driverOptions", "device") for mount in seen.objects("mounts")]
    yield from (path for path in found if isinstance(path, str) and path.startswith("/"))


def _within(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def host_network(seen: Seen, _: Settings) -> Iterator[Finding]:
    yield from not_yet(seen, "networkMode", "networksAdvanced")
    if "host" in [seen.get("networkMode"), *(network.get("name") for network in seen.objects("networksAdvanced"))]:
        yield Violation("it is on this machine's own network, where it reaches every local service. Use a bridge.")


def port_binding(seen: Seen, _: Settings) -> Iterator[Finding]:
    """Everywhere but on loopback only the gateway's public door may listen."""
    yield from not_yet(seen, "ports", "publishAllPorts")
    if _may_be_on(seen.get("publishAllPorts")):
        yield Violation("publishAllPorts is true: every port is open to everybody. Name ports, with `ip: 127.0.0.1`.")
    for port in seen.objects("ports"):
        ip, inside = port.get("ip", _EVERYWHERE), port.get("internal")
        if isinstance(ip, Unknown) or isinstance(inside, Unknown):
            continue
        if is_loopback(str(ip)) or (seen.within(GATEWAY_PARENT) and inside != _PRIVATE_DOOR):
            continue
        yield Violation(
            f"port {_number(inside)} is bound to {ip or _EVERYWHERE}, where others than this machine reach it."
            " Bind it to 127.0.0.1."
        )


def _may_be_on(value: object) -> bool:
    """Of all values only an absent one and False are certainly off, whatever the provider makes of the others."""
    return not (value is None or value is False or isinstance(value, Unknown))


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "without a number"

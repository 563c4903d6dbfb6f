"""
What each container of a deployed stack is held to, by the numbers of the CIS Docker Benchmark 1.6.

The numbers are those of docker/docker-bench-security. A rule looks at what Docker tells of the container and at what
its first process tells of itself. One that does not hold for a container says why beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("engine", "relay", "gateway")
NET_BIND_SERVICE = 1 << 10
"""Source: linux/capability.h."""
_FIRST_FREE_PORT = 1024
_FILTERED = "2"
"""Of `Seccomp` in /proc/PID/status: a filter decides (man 5 proc)."""


@dataclass(frozen=True)
class Seen:
    """
    Args:
        told: `docker inspect` of the container.
        inside: What `tests.cis.inside.first_process` tells.
        has_apparmor: Whether this machine's kernel does.
    """

    told: Mapping[str, Any]
    inside: Mapping[str, Any]
    has_apparmor: bool

    @property
    def host(self) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.told["HostConfig"]
        return config

    @property
    def published(self) -> list[Mapping[str, str]]:
        return [at for places in (self.host["PortBindings"] or {}).values() for at in places]

    def capabilities(self, *sets: str) -> int:
        """All that are in one of *sets*, as bits."""
        bits = 0
        for name in sets:
            bits |= int(self.inside["status"][name], 16)
        return bits


@dataclass(frozen=True)
class Rule:
    """*but* has the reason for each role that it does not hold for; *unknown* why no machine of ours can tell."""

    number: str
    says: str
    holds: Callable[[Seen], bool]
    but: Mapping[str, str] = field(default_factory=dict)
    unknown: str = ""


def _of_all(reason: str) -> Mapping[str, str]:
    return dict.fromkeys(ROLES, reason)


RULES = (
    Rule(
        "4.1",
        "The process is not root",
        lambda seen: seen.inside["status"]["Uid"].split()[0] != "0",
        {"engine": "The engines' images keep their caches in root's home. It is a root without any capability (5.4)"},
    ),
    Rule(
        "4.2, 5.28",
        "It runs an image by the digest of its content, so that a moved tag changes nothing",
        lambda seen: seen.told["Config"]["Image"].startswith("sha256:"),
    ),
    Rule(
        "4.6, 5.27",
        "Its health is checked, by a program that its image has",
        lambda seen: seen.told["State"]["Health"]["Status"] == "healthy",
    ),
    Rule(
        "5.2",
        "Docker's AppArmor profile, where the kernel has AppArmor",
        lambda seen: seen.told["AppArmorProfile"] == ("docker-default" if seen.has_apparmor else ""),
        unknown="No kernel that this was tried on has AppArmor",
    ),
    Rule(
        "5.4",
        "It has no capability",
        lambda seen: not seen.capabilities("CapEff", "CapPrm", "CapInh", "CapAmb"),
    ),
    Rule(
        "5.4",
        "It cannot get one either",
        lambda seen: not seen.capabilities("CapBnd"),
        {
            "gateway": "Caddy's official binary carries NET_BIND_SERVICE as a file capability and cannot be executed"
            " where that is dropped; no new privileges (5.26) keep it from being used"
        },
    ),
    Rule("5.5", "It is not privileged", lambda seen: not seen.host["Privileged"]),
    Rule(
        "5.6",
        "It sees no folder of this machine but weights that the stack names, read-only",
        lambda seen: all(mount["Type"] == "volume" or not mount["RW"] for mount in seen.told["Mounts"]),
    ),
    Rule(
        "5.8",
        "No port of this machine that needs root, but 443 where the stack names it",
        lambda seen: all(int(at["HostPort"]) >= _FIRST_FREE_PORT for at in seen.published),
    ),
    Rule("5.10", "It is not on this machine's network", lambda seen: seen.host["NetworkMode"] != "host"),
    Rule(
        "5.11",
        "Its memory is limited, without swap",
        lambda seen: 0 < seen.host["Memory"] == seen.host["MemorySwap"] == seen.inside["memory_bytes"],
    ),
    Rule(
        "5.12",
        "Its share of the processors is limited",
        lambda seen: bool(seen.host["NanoCpus"]),
        {
            "engine": "A caller waits for every word: it is, where the stack says `cpus`",
            "relay": "Every word passes through it; its work is little beside the engine's",
            "gateway": "Every word passes through it; its work is little beside the engine's",
        },
    ),
    Rule(
        "5.13",
        "Its root file system is read-only, for its root, too",
        lambda seen: bool(seen.host["ReadonlyRootfs"]) and seen.inside["writable"] == [],
    ),
    Rule(
        "5.14",
        "What it publishes is bound to one address of this machine",
        lambda seen: all(at["HostIp"] not in {"", "0.0.0.0", "::"} for at in seen.published),
        {
            "gateway": "With `tls` the public door listens on every address, unless the stack says `bind`; the private"
            " door and plain HTTP on 127.0.0.1"
        },
    ),
    Rule(
        "5.15",
        "It is started again five times at most",
        lambda seen: seen.host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 5},
        _of_all("It has to be there again after a reboot, without hand work; the gate tells what does not come up"),
    ),
    Rule("5.16", "It does not see this machine's processes", lambda seen: seen.host["PidMode"] == ""),
    Rule("5.17", "It shares no memory with others", lambda seen: seen.host["IpcMode"] == "private"),
    Rule(
        "5.18", "It has no device of this machine but GPUs that the stack names", lambda seen: not seen.host["Devices"]
    ),
    Rule("5.19", "Its limits on open files and the like are the daemon's", lambda seen: not seen.host["Ulimits"]),
    Rule(
        "5.20",
        "No mount of it spreads to others",
        lambda seen: all(mount.get("Propagation", "") in {"", "rprivate"} for mount in seen.told["Mounts"]),
    ),
    Rule("5.21", "It has a host name of its own", lambda seen: seen.host["UTSMode"] == ""),
    Rule(
        "5.22",
        "Docker's seccomp profile filters its system calls",
        lambda seen: seen.inside["status"]["Seccomp"] == _FILTERED,
    ),
    Rule("5.25", "Its control group is Docker's", lambda seen: seen.host["CgroupParent"] == ""),
    Rule("5.26", "It gets no new privileges", lambda seen: seen.inside["status"]["NoNewPrivs"] == "1"),
    Rule(
        "5.29",
        "The number of its processes is limited",
        lambda seen: 0 < (seen.host["PidsLimit"] or 0) == seen.inside["processes"],
    ),
    Rule(
        "5.30",
        "It is not on the network that every container is on",
        lambda seen: "bridge" not in seen.told["NetworkSettings"]["Networks"],
    ),
    Rule("5.31", "It does not share this machine's user names", lambda seen: seen.host["UsernsMode"] != "host"),
    Rule("5.32", "It does not see Docker's socket", lambda seen: not seen.inside["has_docker_socket"]),
)

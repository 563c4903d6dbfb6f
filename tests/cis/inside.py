"""What the first process of a container tells of itself, to a neighbour that sees its processes."""

from typing import Any


def first_process(places: list[str]) -> dict[str, Any]:
    """As root with SYS_PTRACE, which passes all permissions: whatever it cannot write to is read-only."""
    import pathlib  # noqa: PLC0415 - this function is sent to a container

    root = pathlib.Path("/proc/1/root")
    lines = pathlib.Path("/proc/1/status").read_text().splitlines()

    def is_writable(place: str) -> bool:
        file = root / place.lstrip("/") / "written-by-a-test"
        try:
            file.write_text("")
            file.unlink()
        except OSError:
            return False
        return True

    def limit(*files: str) -> int:
        """Of version 1 of control groups, or of 2."""
        (found,) = [path for path in (root / "sys/fs/cgroup" / file for file in files) if path.exists()]
        return int(found.read_text())

    return {
        "status": {name: value.strip() for name, _, value in (line.partition(":") for line in lines)},
        "writable": [place for place in places if is_writable(place)],
        "memory_bytes": limit("memory/memory.limit_in_bytes", "memory.max"),
        "processes": limit("pids/pids.max", "pids.max"),
        "has_docker_socket": any((root / path).exists() for path in ("run/docker.sock", "var/run/docker.sock")),
    }

"""What the Docker of this machine has and can do, gathered with few calls before anything is created."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.llm.gateway import found
from components.llm.gateway.places import PRIVATE_TOKEN
from components.llm.gateway.slots import Found
from components.llm.names import Names

_ANSWER_WITHIN_S = 30  # a busy dockerd was seen to take more than 10
_LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_MEMORY = Path("/proc/meminfo")


class DockerUnusableError(Exception):
    """Docker cannot be used; the text says why and what to type."""


@dataclass(frozen=True)
class Publisher:
    """A container that publishes ports."""

    name: str
    labels: Mapping[str, str]


class DockerFacts:
    """
    One look at Docker.

    Raises:
        DockerUnusableError: it does not run, this user may not use it, or it runs on another machine.
    """

    def __init__(self) -> None:
        import docker  # noqa: PLC0415 - 0.1 s that only a stack with a server of its own has to pay
        import requests  # noqa: PLC0415 - see above
        from docker.errors import DockerException  # noqa: PLC0415 - see above

        self._host = host = os.environ.get("DOCKER_HOST") or _DEFAULT_HOST
        if urlsplit(host).scheme not in {"unix", "npipe"} and urlsplit(host).hostname not in _LOOPBACK:
            raise DockerUnusableError(
                f"Docker at {host} is another machine, where a port on 127.0.0.1 cannot be reached from here."
                " Run pulumi on that machine, or `unset DOCKER_HOST`"
            )
        try:
            self._client = docker.from_env(timeout=_ANSWER_WITHIN_S)
            info = self._client.info()
            self._containers: list[dict[str, Any]] = self._client.api.containers()
        except (DockerException, requests.RequestException) as error:
            # docker-py passes its HTTP library's timeouts on as they are.
            raise DockerUnusableError(why_unusable(host, error)) from None
        self.memory_bytes: int = info["MemTotal"]
        # Where root inside is this user outside, so that other files can be read than with a root of its own.
        self.is_rootless = any("rootless" in option for option in info.get("SecurityOptions") or [])
        self.has_gpu_runtime = "nvidia" in info["Runtimes"] or any(
            "nvidia.com/gpu" in device.get("ID", "") for device in info.get("DiscoveredDevices") or []
        )

    def close(self) -> None:
        self._client.close()

    def publisher_of(self, port: int) -> Publisher | None:
        """The running container that holds *port* of this machine."""
        for container in self._containers:
            if any(published.get("PublicPort") == port for published in container["Ports"]):
                return Publisher(container["Names"][0].lstrip("/"), container["Labels"] or {})
        return None

    def slots_of(self, names: Names, image: str) -> Found:
        """
        The engines of one LLM, which of them is live, and which run *image*, the declared one.

        Raises:
            DockerUnusableError: it does not answer any more.
        """
        import requests  # noqa: PLC0415 - see __init__
        from docker.errors import DockerException  # noqa: PLC0415 - see __init__

        try:
            return found.read_live(self._client, names, image)
        except (DockerException, requests.RequestException) as error:
            raise DockerUnusableError(why_unusable(self._host, error)) from None

    def private_token(self, names: Names) -> str | None:
        """What the private door of the gateway of one LLM expects; None before there is one."""
        return found.read_file(self._client, names.gateway, PRIVATE_TOKEN)

    def why_no_image(self, image: str) -> str | None:
        """Why *image* cannot be had; None when it is here, can be pulled, or nobody can tell."""
        import requests  # noqa: PLC0415 - see __init__
        from docker.errors import APIError, NotFound  # noqa: PLC0415 - see __init__

        try:
            self._client.images.get(image)
        except NotFound:
            pass
        except (APIError, requests.RequestException):
            return None
        else:
            return None
        try:
            self._client.images.get_registry_data(image)
        except APIError as error:
            text = str(error.explanation or error).strip()
            # Anything else may be a mirror or a proxy that only the pull knows of.
            known = any(word in text for word in ("denied", "not found", "manifest unknown", "unauthorized"))
            return text if known else None
        except requests.RequestException:
            return None
        return None


def available_bytes() -> int | None:
    """What a new process may take of this machine without swapping: `MemAvailable`, man 5 proc. None if unknown."""
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def why_unusable(host: str, error: BaseException) -> str:
    """What to do about *error*, by the operating system's error inside it: docker-py wraps them all alike."""
    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return (
            f"this user may not use Docker at {host}."
            ' `sudo usermod -aG docker "$USER"`, log out and in again, or run `make up`'
        )
    if any(isinstance(cause, FileNotFoundError | ConnectionRefusedError) for cause in causes):
        return f"Docker does not run at {host}. `sudo systemctl start docker`, or run `make up`, which brings its own"
    return f"Docker at {host} does not answer as it should: {causes[-1]}. Try `docker info`"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        # urllib3 and docker-py keep the operating system's error as an argument, too.
        yield from (part for part in cause.args if isinstance(part, BaseException))
        cause = cause.__cause__ or cause.__context__

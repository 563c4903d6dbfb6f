"""What Docker says about the container behind an endpoint: is it alive, does it still say something, why did it end."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from components.redaction import Redactor

if TYPE_CHECKING:
    import docker

_ANSWER_WITHIN_S = 3
_LOG_LINES = 20
_LINE_CHARS = 200
_REASON_CHARS = 400  # the Docker SDK tells the cause last
# Our own polls make the engine write access-log lines; counted as progress they would keep a dead wait alive.
_ACCESS_LOG = re.compile(r"\b(?:GET|HEAD|POST)\b\W+/|\[GIN\]|log_server_r|/v1/models|/api/")
_ENDED = {"exited", "dead", "removing"}


@dataclass(frozen=True)
class ContainerState:
    """
    One look. `status` is Docker's own word, `gone` (no such container) or `unknown` (Docker did not answer: `reason`).

    `log_tail` holds the last lines, redacted. `log_mark` changes whenever the engine says something of its own.
    """

    status: str
    exit_code: int = 0
    oom_killed: bool = False
    restarts: int = 0
    reason: str = ""
    log_tail: tuple[str, ...] = ()
    log_mark: str = ""

    def failure_since(self, first: "ContainerState") -> str | None:
        """
        Why this container will not serve, given what it was at the *first* look; None while it may.

        An old restart or memory kill that it has survived says nothing about this wait.
        """
        oom = "ran out of memory and was killed"
        if self.status == "gone":
            return "its container does not exist any more"
        if self.status in _ENDED:
            return f"its container {oom if self.oom_killed else f'exited with code {self.exit_code}'}"
        if self.oom_killed and not (first.oom_killed and first.restarts == self.restarts):
            return f"its container {oom}"
        if self.status == "restarting" or self.restarts > first.restarts:
            return f"its container keeps restarting, last exit code {self.exit_code}"
        if self.status == "created" and self.reason:
            return f"its container could not start: {self.reason}"
        return None


class ContainerWatch:
    """Looks at one container through the Docker of `DOCKER_HOST`; call it for a `ContainerState`."""

    def __init__(self, container_id: str, redactor: Redactor) -> None:
        self._container_id = container_id
        self._redactor = redactor
        self._client: docker.APIClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def __call__(self) -> ContainerState:
        import requests  # noqa: PLC0415 - see _connect
        from docker.errors import DockerException, NotFound  # noqa: PLC0415 - see _connect

        try:
            return self._look(self._connect())
        except NotFound:
            return ContainerState("gone")
        except (DockerException, requests.RequestException, OSError) as error:
            return ContainerState("unknown", reason=self._redactor.line(str(error), limit=_REASON_CHARS))

    def _connect(self) -> "docker.APIClient":
        if self._client is None:
            import docker  # noqa: PLC0415 - 0.1 s that only a wait for a container of ours has to pay

            self._client = docker.from_env(timeout=_ANSWER_WITHIN_S).api
        return self._client

    def _look(self, client: "docker.APIClient") -> ContainerState:
        facts = client.inspect_container(self._container_id)
        state: dict[str, Any] = facts["State"]
        stamped = self._log_lines(client)
        lines = (self._redactor.line(line.partition(" ")[2], limit=_LINE_CHARS) for line in stamped)
        own = [line for line in stamped if not _ACCESS_LOG.search(line)]
        return ContainerState(
            status=state["Status"],
            exit_code=state["ExitCode"],
            oom_killed=state["OOMKilled"],
            restarts=facts["RestartCount"],
            reason=self._redactor.line(state.get("Error") or "", limit=_LINE_CHARS),
            log_tail=tuple(line for line in lines if line),
            log_mark=own[-1] if own else "",
        )

    def _log_lines(self, client: "docker.APIClient") -> list[str]:
        from docker.errors import APIError  # noqa: PLC0415 - see _connect

        try:
            raw: bytes = client.logs(self._container_id, tail=_LOG_LINES, timestamps=True)
        except APIError:  # a log driver that cannot be read back: the state alone still counts
            return []
        return raw.decode("utf-8", errors="replace").splitlines()


Look = Callable[[], ContainerState]

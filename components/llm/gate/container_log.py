"""The log of a container, far enough back to hold what an engine says while it starts."""

import contextlib
from collections.abc import Sequence

_ANSWER_WITHIN_S = 5
LINES = 5000


def engine_log(container_id: str) -> Sequence[str]:
    """Its last lines, oldest first; none when Docker does not give them. Not redacted."""
    import docker  # noqa: PLC0415 - 0.1 s that only a look at a GPU of ours has to pay
    import requests  # noqa: PLC0415 - see above
    from docker.errors import DockerException  # noqa: PLC0415 - see above

    try:
        with contextlib.closing(docker.from_env(timeout=_ANSWER_WITHIN_S).api) as client:
            raw: bytes = client.logs(container_id, tail=LINES)
    except (DockerException, requests.RequestException, OSError):
        return ()
    return raw.decode("utf-8", errors="replace").splitlines()

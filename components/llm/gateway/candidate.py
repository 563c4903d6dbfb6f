"""An engine that came up beside the one in use and was not proven: it goes, and nothing has changed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.llm.gateway.door import Door
from components.llm.gateway.routes import Routes


@contextmanager
def removed_unless_proven(place: Mapping[str, Any] | None, container_id: str, purpose: str) -> Iterator[Routes | None]:
    """
    What a failure inside leaves: the traffic where it was, and no engine beside the one that has it.

    *place* is the input `gateway` of a resource; None for an endpoint without a gateway of ours. Yields the routes of
    before. An engine that some traffic goes to stays, and so does the first of a stack: there is no other, and its log
    is worth a look.
    """
    if place is None:
        yield None
        return
    door = Door.of(place, purpose)
    before = door.routes()
    try:
        yield before
    except BaseException:
        door.lead(before)
        if before is not None and not before.lead_to(door.address):
            _remove(container_id)
        raise


def _remove(container_id: str) -> None:
    import docker  # noqa: PLC0415 - 0.1 s that only a failure has to pay
    from docker.errors import NotFound  # noqa: PLC0415 - see above

    client = docker.from_env()
    try:
        client.containers.get(container_id).remove(force=True)
    except NotFound:
        return
    finally:
        client.close()

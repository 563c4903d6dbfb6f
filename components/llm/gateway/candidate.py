"""An engine that came up beside the one in use and was not proven: it goes, and nothing has changed."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from components.llm.gateway.door import Door
from components.llm.gateway.routes import Routes
from components.llm.names import slot_at
from components.llm.volume_files import VolumeFilesError


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
    except BaseException as error:
        if note := _put_back(door, before, container_id if is_candidate(place, before) else None):
            error.add_note(note)
        raise


def is_candidate(place: Mapping[str, Any] | None, before: Routes | None) -> bool:
    """Whether the engine at *place* came up beside the one that *before* led to, so that it goes when it fails."""
    return place is not None and before is not None and not before.lead_to(place["address"])


def _put_back(door: Door, before: Routes | None, candidate_id: str | None) -> str | None:
    """What is left to say of it. A Docker that fails now, too, does not hide why the engine was not proven."""
    import requests  # noqa: PLC0415 - 0.1 s that only a failure has to pay
    from docker.errors import DockerException  # noqa: PLC0415 - see above

    try:
        door.lead(before)
        if candidate_id is not None:
            _remove(candidate_id)
    except (VolumeFilesError, DockerException, requests.RequestException) as fault:
        return f"  What this run began could not be taken back: {fault}\n  Run `pulumi up` again once Docker is well."
    return _what_stays(before, removed=candidate_id is not None) if before else None


def _what_stays(before: Routes, *, removed: bool) -> str:
    models = " and ".join(repr(model) for model, address in sorted(before.models.items()) if address == before.live)
    where = f"{models or 'the engine'} in slot {slot_at(before.live)}"
    if removed:
        return f"  Agents and traffic stay on {where}; the container of the new engine was removed."
    return f"  Agents and traffic are led to {where}, as before this run."


def _remove(container_id: str) -> None:
    import docker  # noqa: PLC0415 - 0.1 s that only a failure has to pay
    from docker.errors import NotFound  # noqa: PLC0415 - see above

    with closing(docker.from_env()) as client, suppress(NotFound):
        client.containers.get(container_id).remove(force=True)

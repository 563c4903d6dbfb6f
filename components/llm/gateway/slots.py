"""
Which of its two slots a declared engine goes into, so that the one that serves is left alone until another is proven.

Pure. The program declares an engine in the chosen slot and nothing in the other: Pulumi creates before it deletes, so
what the other slot holds serves until the new engine is proven.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.llm.container_spec import ContainerSpec
from components.llm.engines import Engine
from components.llm.gguf import locate
from components.llm.names import SLOTS, Slot
from components.llm.self_hosted import Strategy

_MARK_CHARS = 16


@dataclass(frozen=True)
class Found:
    """
    What a look at Docker found of one LLM.

    Args:
        engines: Slot -> spec mark, of the containers that exist.
        live: Slot that the gateway sends requests to; None when that is unknown, as before the first run.
        running: Slots whose container has a process, be it a restarting one: it serves, and it holds memory.
        routed: Slots that some requests are sent to, the live one and one whose model agents may still name.
    """

    engines: Mapping[Slot, str]
    live: Slot | None
    running: frozenset[Slot]
    routed: frozenset[Slot] = frozenset()


@dataclass(frozen=True)
class Choice:
    """
    Where the declared engine goes.

    Args:
        slot: The only one to declare an engine in.
        mark: Of the declared engine, for its label `trugen-llm.spec`.
        beside: Slot of another engine that serves, or may serve, until this one is proven.
        starts: Whether nothing runs in the slot yet, so that the engine needs memory of its own.
        first: Whether no slot has an engine, be it a stopped one, as after a release that knew no slots.
        cuts: Whether another engine would have to go from the slot that agents may still use: a change before has not
            come to its end.
    """

    slot: Slot
    mark: str
    beside: Slot | None
    starts: bool
    first: bool = False
    cuts: bool = False

    @property
    def changes(self) -> bool:
        """Whether the engine comes up beside the one that serves, instead of being it, replacing it or the first."""
        return self.beside is not None


def choose(found: Found, wanted_mark: str, strategy: Strategy) -> Choice:
    """
    Where an engine of *wanted_mark* goes.

    A slot that Docker has no container for is not live, whatever the routes say: there is nothing to keep in it.
    """
    served = found.live if found.live in found.engines else None
    if served is None:
        slot = _slot_of_none_served(found, wanted_mark, strategy)
    else:
        stays = strategy == "recreate" or found.engines[served] == wanted_mark
        slot = served if stays else other(served)
    # With the routes lost, whatever runs may be what serves.
    may_serve = other(slot) if found.live is None else served
    beside = may_serve if may_serve != slot and may_serve in found.running else None
    cuts = slot != found.live and slot in found.routed and found.engines.get(slot, wanted_mark) != wanted_mark
    return Choice(slot, wanted_mark, beside, starts=slot not in found.running, first=not found.engines, cuts=cuts)


def _slot_of_none_served(found: Found, wanted_mark: str, strategy: Strategy) -> Slot:
    """Where the engine is already; else a free slot, the routed one first; else the one that loses least."""
    running_first = sorted(found.engines, key=lambda slot: (slot not in found.running, slot))
    if same := [slot for slot in running_first if found.engines[slot] == wanted_mark]:
        return same[0]
    if strategy == "recreate" and running_first:
        return running_first[0]
    free = sorted(set(SLOTS) - found.engines.keys(), key=lambda slot: (slot != found.live, slot))
    return free[0] if free else min(SLOTS, key=lambda slot: (slot in found.running, slot))


def other(slot: Slot) -> Slot:
    return "b" if slot == "a" else "a"


def spec_mark(
    spec: ContainerSpec,
    engine: Engine,
    *,
    memory_mib: int,
    cpus: float | None,
    contents: str,
    secrets: Mapping[str, str],
) -> str:
    """
    Short hash of all that makes another engine process; state format, since a changed mark swaps the engine.

    Whatever the docker provider replaces a container for has to be in it, or the live one would be replaced where it
    is. Of what the provider updates in a running container, the restart policy does not count; the memory limit does,
    since a lower one could kill the live engine. Unset values are left out: a setting that a later version adds then
    changes no mark. Source: kreuzwerker/terraform-provider-docker, internal/provider/resource_docker_container.go.

    Args:
        contents: mark of the mounted files, `host_files.mark_of`.
        secrets: file name -> content. Long random keys are in there, so that a hash tells nothing about them.
    """
    parts: dict[str, Any] = {
        "image": spec.image,
        "entrypoint": spec.entrypoint,
        "command": spec.command,
        "env": dict(spec.env),
        "mounts": {inside: str(locate(path)) for inside, path in spec.mounts.items()},
        "contents": contents if spec.mounts else None,
        "gpus": spec.gpus,
        "devices": spec.devices,
        "groups": spec.groups,
        "shm_mib": spec.shm_mib,
        "memory_mib": memory_mib,
        "cpus": None if cpus is None else f"{cpus:g}",
        "cache_path": engine.cache_path,
        "healthcheck": engine.healthcheck,
        "scratch": engine.scratch,
        "user": engine.user,
        "secrets": {name: _hash(content) for name, content in secrets.items()},
    }
    return _hash(json.dumps({key: value for key, value in parts.items() if value}, sort_keys=True))[:_MARK_CHARS]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

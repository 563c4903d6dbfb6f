"""What Docker is asked for to run one declared LLM. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.llm.self_hosted import SelfHosted


@dataclass(frozen=True)
class ContainerSpec:
    """
    *command* are the words after the entrypoint. *groups* are those of this machine that may use the *devices*.
    *mounts* are files and folders of this machine by their place in the container, read-only. *gpus* is spelled as by
    `docker run --gpus`.
    """

    image: str
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...]
    env: Mapping[str, str]
    mounts: Mapping[str, str]
    gpus: str | None
    devices: tuple[str, ...]
    groups: tuple[str, ...]
    shm_mib: int | None


def container_spec(args: SelfHosted) -> ContainerSpec:
    engine = args.facts
    env = dict(engine.env)
    for variable, field in engine.settings.items():
        if (value := getattr(args, field)) is not None:
            env[variable] = str(value)
    amd = args.hardware == "amd"
    return ContainerSpec(
        image=args.runs_image,
        entrypoint=engine.entrypoint,
        command=(
            *engine.arguments,
            *(word for flag, field in engine.flags.items() for word in _words(flag, args, field)),
        ),
        env=env,
        mounts=args.mounts,
        gpus=args.gpus,
        devices=("/dev/kfd", "/dev/dri") if amd else (),
        groups=("video", "render") if amd else (),
        shm_mib=args.shm_mib,
    )


def _words(flag: str, args: SelfHosted, field: str) -> Iterator[str]:
    value: Any = getattr(args, field)
    if value is None or value is False or value == ():
        return
    yield flag
    if isinstance(value, tuple):
        yield from map(str, value)
    elif value is not True:
        yield f"{value:g}" if isinstance(value, float) else str(value)

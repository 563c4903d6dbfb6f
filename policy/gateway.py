"""Every engine of ours stands behind a gateway. Judged over the whole stack, since it takes several resources."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from policy.seen import CONTAINER, ENGINE_PARENT, GATEWAY_PARENT, Seen, Unknown
from policy.verdict import NotYet, Settings, Violation


@dataclass(frozen=True)
class Placed:
    """A resource of the stack; *llm* is the URN of the component that has its engine's or its gateway's, if any."""

    seen: Seen
    llm: str | None


Told = tuple[Seen, Violation | NotYet]


def gateway_present(stack: Sequence[Placed], _: Settings) -> Iterator[Told]:
    containers = [one for one in stack if one.seen.type == CONTAINER]
    gateways = [one for one in containers if one.seen.within(GATEWAY_PARENT) and _publishes(one.seen)]
    for engine in (one for one in containers if one.seen.within(ENGINE_PARENT)):
        if isinstance(engine.seen.get("ports"), Unknown):
            yield engine.seen, NotYet("ports")
        elif _publishes(engine.seen):
            text = "it publishes a port itself, past the gateway and its token. Remove `ports` from the engine."
            yield engine.seen, Violation(text)
        yield from _doors(engine, [one for one in gateways if one.llm == engine.llm])


def _doors(engine: Placed, gateways: Sequence[Placed]) -> Iterator[Told]:
    if not gateways:
        yield engine.seen, Violation("no gateway stands before it. Declare it under `llms`, which makes both.")
    elif not any(_networks(one.seen) & _networks(engine.seen) for one in gateways):
        if any(None in _networks(one.seen) for one in (engine, *gateways)):
            yield engine.seen, NotYet("networks shared with its gateway")
        else:
            text = "its gateway shares no network with it. Put both on the engine's private network."
            yield engine.seen, Violation(text)


def _publishes(seen: Seen) -> bool:
    ports = seen.get("ports")
    return not isinstance(ports, Unknown) and any(True for _ in seen.objects("ports"))


def _networks(seen: Seen) -> set[str | None]:
    """None stands for those that are not known; a value that is no text is no network."""
    listed: Any = seen.get("networksAdvanced")
    if isinstance(listed, Unknown):
        return {None}
    names = [network.get("name") for network in seen.objects("networksAdvanced")]
    return {None if isinstance(name, Unknown) else name for name in names if isinstance(name, str | Unknown)}

"""
What the agents used before they moved: token, model name, engine. The module path is stored in every state.

A resource of its own, after the agents: until it is done the old token opens the door and the old model's name leads to
the old engine, so that a call that began with them goes on.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import requests
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.llm.gateway import strays
from components.llm.gateway.door import Door
from components.llm.gateway.places import FORMER_TOKENS
from components.llm.gateway.routes import only
from components.llm.gateway.strays import StraysError
from components.llm.volume_files import VolumeFilesError
from components.progress import report

Props = dict[str, Any]
_COMPARED = ("gateway", "model", "token_mark", "__provider")
_LONGEST_STREAM_S = 300.0
_LOOK_EVERY_S = 0.5
_ANSWER_WITHIN_S = 5.0
_PURPOSE = "drain"


class DrainProvider(ResourceProvider):
    """
    Inputs: `gateway` (`volume`, `image`, `address`), `owner` (labels of the LLM's containers), `model`, `token_mark`,
    `in_flight_url`, `private_token`, `drain_s`, `progress_urn`. Outputs: those, and `closed`, false when a refresh
    found that something former is still there: a change that was taken back, or a run that was killed, leaves it so.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in _COMPARED)
        return DiffResult(changes=changed or not _olds["closed"], replaces=[])

    @foreseen(VolumeFilesError, StraysError)
    def create(self, props: Props) -> CreateResult:
        _retire(props)
        return CreateResult("drained", {**props, "closed": True})

    @foreseen(VolumeFilesError, StraysError)
    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        _retire(news)
        return UpdateResult({**news, "closed": True})

    @foreseen(StraysError)
    def delete(self, _id: str, props: Props) -> None:
        let_end(props)
        strays.remove(props["owner"], props["gateway"]["address"])

    def read(self, id_: str, props: Props) -> ReadResult:
        door = Door.of(props["gateway"], _PURPOSE)
        try:
            closed = door.routes() == only(door.address, props["model"]) and not _open_tokens(door)
            closed = closed and not strays.are_there(props["owner"], door.address)
        except VolumeFilesError:
            # Image, volume and Docker itself are reported by their own resources.
            return ReadResult(id_, props)
        return ReadResult(id_, {**props, "closed": closed})


@dataclass(frozen=True)
class DrainArgs:
    """
    *gateway* holds `volume`, `image` and `address`, the engine that agents reach from now on by *model* and *token*;
    *owner* are the labels of the LLM's containers.
    *drain_s* is how long what they used before stays valid, in seconds; then streams that still run get up to five
    minutes more.
    """

    gateway: Mapping[str, pulumi.Input[str]]
    owner: Mapping[str, str]
    model: pulumi.Input[str]
    token: pulumi.Input[str]
    private_url: str
    private_token: pulumi.Input[str]
    drain_s: float
    progress_urn: str


class Drain(pulumi.dynamic.Resource, module="trugen", name="Drain"):
    """Nobody uses the former token, model or engine any more; whoever removes them waits for this."""

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions) -> None:
        props = {
            "gateway": args.gateway,
            "owner": args.owner,
            "model": args.model,
            # Random and long, so that its hash tells nothing about it.
            "token_mark": pulumi.Output.unsecret(pulumi.Output.from_input(args.token).apply(_mark)),
            "in_flight_url": f"{args.private_url}/relay/in-flight",
            "private_token": pulumi.Output.secret(args.private_token),
            "drain_s": args.drain_s,
            "progress_urn": args.progress_urn,
            "closed": None,
        }
        super().__init__(DrainProvider(), name, props, opts)


def _retire(props: Props) -> None:
    drain(props)
    strays.remove(props["owner"], props["gateway"]["address"])


def drain(
    props: Mapping[str, Any],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """
    Let what was used before live as long as it should, then close it; at once when there is nothing.

    An interrupted run may have closed it and not waited for its streams, so these are asked for in any case.

    Raises:
        VolumeFilesError: Docker did not close it.
    """
    door = Door.of(props["gateway"], _PURPOSE)
    wanted, routes, tokens = only(door.address, props["model"]), door.routes(), _open_tokens(door)
    started_at = clock()

    def tell(what: str) -> None:
        report(props["progress_urn"], f"{what} ({clock() - started_at:.0f} s)")

    while (routes != wanted or tokens) and clock() - started_at < props["drain_s"]:
        tell(f"the former token, model or engine stays valid for {props['drain_s']:g} s")
        sleep(_LOOK_EVERY_S)
    door.lead(wanted)
    if tokens:
        door.volume.put(dict.fromkeys(tokens, ""))
    over_at = clock() + _LONGEST_STREAM_S
    while clock() < over_at and (streams := _in_flight(props, but_at=door.address)):
        tell(f"{streams} streams still run on the former engine")
        sleep(_LOOK_EVERY_S)


def let_end(
    props: Mapping[str, Any],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Let the streams of an LLM that goes end, since its agents use another by now; not longer than declared."""
    over_at = clock() + props["drain_s"]
    while clock() < over_at and (streams := _in_flight(props)):
        report(props["progress_urn"], f"{streams} streams still run")
        sleep(_LOOK_EVERY_S)


def _open_tokens(door: Door) -> list[str]:
    """Files of former tokens that let somebody in, or are missing: an interrupted run may have removed one."""
    return [name for name, content in door.volume.get(*FORMER_TOKENS).items() if content != ""]


def _in_flight(props: Mapping[str, Any], *, but_at: str | None = None) -> int:
    """Requests that are being answered, but by the engine at *but_at*; none when the gateway does not tell."""
    headers = {"Authorization": f"Bearer {props['private_token']}"}
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment is for the internet
            counted = session.get(props["in_flight_url"], headers=headers, timeout=_ANSWER_WITHIN_S).json()
        return sum(count for at, count in counted.items() if at != but_at)
    except (requests.RequestException, ValueError, AttributeError, TypeError):
        return 0


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]

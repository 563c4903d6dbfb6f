"""
What the gateway's container reads: configuration, tokens, certificate. The module path is stored in every state.

Tokens are read for every request. A new one becomes valid beside the old, and the old one dies only when the agents
have moved (`drain`). The configuration and the certificate are loaded by a graceful reload.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.llm.gateway.caddyfile import RELOAD, STORAGE, TLS_PORT
from components.llm.gateway.door import GATEWAY_USER
from components.llm.gateway.places import CADDYFILE, CERTIFICATE, FORMER_TOKENS, KEY, OLDER_TOKEN, PREVIOUS_TOKEN, TOKEN
from components.llm.secret_files import as_found, mark_of
from components.llm.volume_files import Volume, VolumeFilesError

Props = dict[str, Any]
_LOADED = (CADDYFILE, CERTIFICATE, KEY)
_NEEDS_ANOTHER_CONTAINER = (STORAGE, f":{TLS_PORT}")
"""Parts of a Caddyfile: a volume, and a port that is published. Who gains or loses one is replaced by Pulumi."""
_COMPARED = ("volume", "container", "files", "__provider")


class ReloadError(Exception):
    """The gateway keeps its former configuration."""


class GatewayFilesProvider(ResourceProvider):
    """
    Inputs: `volume`, `image` (any that is local), `container` (name of the gateway's), `files` (contents by name,
    secret).

    Outputs: those, and `mark`, empty after a refresh that found other contents.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in _COMPARED)
        return DiffResult(changes=changed or not _olds["mark"], replaces=[])

    @foreseen(VolumeFilesError, ReloadError)
    def create(self, props: Props) -> CreateResult:
        _write(props)
        return CreateResult("gateway-files", _outputs(props))

    @foreseen(VolumeFilesError, ReloadError)
    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        old, new = _olds["files"].get(TOKEN), news["files"][TOKEN]
        if old and old != new:
            _keep(_volume(news), old)
        written = _write(news)
        # A run that was interrupted may have written them and not loaded them.
        declared = {name for name in _LOADED if _olds["files"].get(name) != news["files"].get(name)}
        if (declared or written & set(_LOADED)) and not _is_to_be_replaced(_olds, news):
            _load(_olds["files"], news)
        return UpdateResult(_outputs(news))

    def read(self, id_: str, props: Props) -> ReadResult:
        return as_found(id_, props, _volume(props))


@dataclass(frozen=True)
class GatewayFilesArgs:
    """*container* is the name of the gateway's, which need not exist yet."""

    volume: pulumi.Input[str]
    image: pulumi.Input[str]
    container: str
    files: Mapping[str, pulumi.Input[str]]


class GatewayFiles(pulumi.dynamic.Resource, module="trugen", name="GatewayFiles"):
    """The files of one gateway, for the eyes of its process only."""

    mark: pulumi.Output[str]
    """Changes with the contents, and tells nothing about them."""

    def __init__(self, name: str, args: GatewayFilesArgs, opts: pulumi.ResourceOptions) -> None:
        files = {file: pulumi.Output.secret(content) for file, content in args.files.items()}
        props = {"volume": args.volume, "image": args.image, "container": args.container, "files": files, "mark": None}
        super().__init__(GatewayFilesProvider(), name, props, opts)


def _volume(props: Props) -> Volume:
    return Volume(props["volume"], props["image"], purpose="files", owner=GATEWAY_USER)


def _keep(volume: Volume, token: str) -> None:
    """
    Let *token* in as the previous one, and the one that was the previous as the older: some agents may use it still.

    That takes three files: a rotation that is taken back swaps two, and at no moment may either be refused.
    """
    previous = volume.get(PREVIOUS_TOKEN)[PREVIOUS_TOKEN]
    if previous == token:  # by a run that was interrupted
        return
    if previous:
        volume.put({OLDER_TOKEN: previous})
    volume.put({PREVIOUS_TOKEN: token})


def _write(props: Props) -> set[str]:
    """
    Names of the files that had other contents.

    No other is touched: the door would shut for the microseconds in which its token is missing. Former tokens are there
    in any case, if empty, since Caddy logs an error per request for a missing file.
    """
    volume, wanted = _volume(props), props["files"]
    found = volume.get(*wanted, *FORMER_TOKENS)
    changed = {name: content for name, content in wanted.items() if found[name] != content}
    changed |= {name: "" for name in FORMER_TOKENS if found[name] is None}
    if changed:
        volume.put(changed)
    return set(changed)


def _outputs(props: Props) -> Props:
    return {**props, "mark": mark_of(props["files"])}


def _is_to_be_replaced(olds: Props, news: Props) -> bool:
    """Whether the container that runs would refuse the new configuration: it cannot write where there is no volume."""
    old, new = (props["files"].get(CADDYFILE, "") for props in (olds, news))
    return any((part in old) != (part in new) for part in _NEEDS_ANOTHER_CONTAINER)


def _load(former: Mapping[str, str], news: Props) -> None:
    """What the gateway refuses is taken back: after a crash or a reboot it would not start with it."""
    try:
        _reload(news["container"])
    except ReloadError:
        _volume(news).put({name: former[name] for name in _LOADED if name in former})
        raise


def _reload(name: str) -> None:
    """Load configuration and certificate again; requests on their way are finished by what they began with."""
    import docker  # noqa: PLC0415 - 0.1 s that only a reload has to pay
    import requests  # noqa: PLC0415 - see above
    from docker.errors import DockerException, NotFound  # noqa: PLC0415 - see above

    try:
        with closing(docker.from_env()) as client:
            container = client.containers.get(name)
            if container.status != "running":
                return
            done = container.exec_run(list(RELOAD))
    except NotFound:
        return
    except (DockerException, requests.RequestException) as error:
        raise _not_loaded(name, str(error)) from None
    if done.exit_code:
        raise _not_loaded(name, _last_line(done.output))


def _last_line(output: Any) -> str:
    """Of what a program in a container wrote, bytes; docker-py's annotation knows what only `stream` asks for, too."""
    return "".join(bytes(output).decode(errors="replace").strip().splitlines()[-1:])


def _not_loaded(name: str, why: str) -> ReloadError:
    return ReloadError(
        f"The gateway '{name}' did not take its new configuration and goes on with the former one: {why}.\n"
        "  Look at `gateway` of this LLM in the stack file, above all at its certificate, then run `pulumi up` again."
    )

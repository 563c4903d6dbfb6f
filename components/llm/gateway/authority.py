"""
The certificate authority that a gateway makes for itself. The module path is stored in every state.

Nobody knows it but its container, so it is read from there, and kept in a file for those on this machine that call the
gateway: the gate, and the sandbox.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.llm.document import Llm, SelfHosted
from components.llm.gate.authorities import FOLDER, file_for
from components.llm.gateway.caddyfile import STORAGE_FOLDER
from components.llm.volume_files import Volume, VolumeFilesError, VolumeGoneError
from components.progress import report

Props = dict[str, Any]
# caddyserver/caddy at v2.11.7, modules/caddypki/ca.go: `storageKeyRootCert`, of the authority `local`.
ROOT_CERTIFICATE = f"{STORAGE_FOLDER}/pki/authorities/local/root.crt"
_END = "-----END CERTIFICATE-----"
_COMPARED = ("volume", "url", "__provider")
_MADE_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.5


class AuthorityError(Exception):
    """The gateway made none."""


class GatewayAuthorityProvider(ResourceProvider):
    """
    Inputs: `volume` (where the gateway keeps it), `image` (any that is local), `container` (name of the gateway's),
    `url` (of its public door), `progress_urn`.

    Outputs: those, and `certificate` (PEM), empty after a refresh that found none.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        changed = any(_olds.get(key) != _news.get(key) for key in _COMPARED)
        return DiffResult(changes=changed or not _olds["certificate"], replaces=[])

    @foreseen(VolumeFilesError, AuthorityError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult("authority", _kept(props))

    @foreseen(VolumeFilesError, AuthorityError)
    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        outs = _kept(news)
        if file_for(_olds["url"]) != file_for(news["url"]):
            _forget(_olds["url"])
        return UpdateResult(outs)

    def read(self, id_: str, props: Props) -> ReadResult:
        """Whoever emptied the project's cache gets the file back, since every call to the gateway needs it."""
        try:
            certificate = _found(props)
        except VolumeGoneError:
            # Another one comes in its place, and the gateway makes another authority in it.
            return ReadResult(id_, {**props, "certificate": ""})
        except VolumeFilesError:
            # Docker itself is reported by its own resources.
            return ReadResult(id_, props)
        if certificate:
            _write(props["url"], certificate)
        return ReadResult(id_, {**props, "certificate": certificate})

    def delete(self, _id: str, props: Props) -> None:
        _forget(props["url"])


@dataclass(frozen=True)
class GatewayAuthorityArgs:
    """As the provider's inputs."""

    volume: str
    image: pulumi.Input[str]
    container: str
    url: str
    progress_urn: str


class GatewayAuthority(pulumi.dynamic.Resource, module="trugen", name="GatewayAuthority"):
    """Known, and trusted by this machine's callers of the gateway. To be made after the gateway's container."""

    certificate: pulumi.Output[str]
    """The root, as PEM; nothing secret."""

    def __init__(self, name: str, args: GatewayAuthorityArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__(GatewayAuthorityProvider(), name, {**vars(args), "certificate": None}, opts)


def folder_for(llms: Mapping[str, Llm]) -> str | None:
    """Where the authorities of *llms* are kept, for whoever calls their gateways from here; None when there is none."""
    settings = (llm.gateway.tls for llm in llms.values() if isinstance(llm, SelfHosted))
    return str(FOLDER) if any(tls and tls.internal for tls in settings) else None


def _kept(
    props: Props,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Props:
    """
    Outputs, once the gateway has made its authority and the file is written.

    Raises:
        VolumeFilesError: Docker does not tell.
        AuthorityError: there is none in time.
    """
    started_at = clock()
    while not (certificate := _found(props)):
        waited_s = clock() - started_at
        if waited_s >= _MADE_WITHIN_S:
            raise AuthorityError(
                f"The gateway '{props['container']}' made no certificate authority within {_MADE_WITHIN_S:g} s.\n"
                f"  See what it says: `docker logs --tail 50 {props['container']}`, then run `pulumi up` again."
            )
        report(props["progress_urn"], f"the gateway makes its certificate authority ({waited_s:.0f} s)")
        sleep(_LOOK_EVERY_S)
    _write(props["url"], certificate)
    return {**props, "certificate": certificate}


def _found(props: Props) -> str:
    """The whole certificate, or nothing."""
    volume = Volume(props["volume"], props["image"], purpose="authority")
    content = volume.get(ROOT_CERTIFICATE)[ROOT_CERTIFICATE] or ""
    return content if content.rstrip().endswith(_END) else ""


def _write(url: str, certificate: str) -> None:
    """Whole at every moment: a refresh reads it in one process while it is written in another."""
    file = file_for(url)
    if file.is_file() and file.read_text() == certificate:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    new = Path(f"{file}.new")
    new.write_text(certificate)
    new.replace(file)


def _forget(url: str) -> None:
    file_for(url).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others are in it, or nobody made it
        FOLDER.rmdir()

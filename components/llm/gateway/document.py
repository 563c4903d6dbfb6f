"""What a stack says about the door of a self-hosted LLM: `llms.<name>.gateway`."""

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ByteSize, Field, model_validator

from components.llm.declared import MIB, Bytes, Declared, HostPath, Image, Size, spelled
from components.urls import why_not_public

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_EMAIL = re.compile(rf"[A-Za-z0-9._+-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            f"{text[:60]!r} is no IP address; write one of this machine's, like '127.0.0.1', or '0.0.0.0' for all"
        ) from None


Host = Annotated[
    str, spelled(_HOST, "write one host name like 'llm.example.com': small letters, no scheme, port, '*' or '_'")
]
Email = Annotated[str, spelled(_EMAIL, "write an address like 'ops@example.com'")]
Ip = Annotated[str, AfterValidator(_ip)]
BodySize = Annotated[Bytes, Field(ge=1024, le=1024 * MIB)]


class Tls(Declared):
    """HTTPS for *hostname*: by ACME (`acmeEmail`), by own PEM files, or by a CA that only this gateway knows."""

    hostname: Host
    acme_email: Email | None = None
    certificate: HostPath | None = None
    """The server's certificate, then those of its issuers."""
    key: HostPath | None = None
    internal: Literal[True] | None = None

    @property
    def by_acme(self) -> bool:
        return self.acme_email is not None

    @property
    def by_files(self) -> bool:
        return self.certificate is not None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("names only one of `certificate` and `key`; name both PEM files")
        given = (self.by_acme, self.by_files, self.internal is not None)
        if sum(given) != 1:
            raise ValueError(
                f"says in {sum(given)} ways where the certificate comes from; write exactly one of"
                " `acmeEmail: ops@example.com`, `certificate` with `key`, or `internal: true`"
            )
        if self.by_acme and (reason := why_not_public(f"https://{self.hostname}")):
            raise ValueError(f"asks a public CA for a certificate, but {reason}; write `internal: true` instead")
        return self


class Tunnel(Declared):
    """A container in front of the gateway that carries calls from the internet to it, without an open port here."""

    kind: Literal["cloudflared", "tailscale", "ngrok"]
    hostname: Host
    image: Image | None = None


class GatewaySettings(Declared):
    """
    `bind` is the address of this machine the public door listens on. `hosts` are more `Host` names it answers to.

    `maxBody` bounds one request, `maxConcurrent` the requests that are answered at a time. `keepAliveS` is the longest
    silence in a stream; `drainS` how long a replaced engine may finish its streams. A higher `tokenGeneration` asks for
    a new token.
    """

    bind: Ip | None = None
    tls: Tls | None = None
    hosts: tuple[Host, ...] = ()
    max_body: BodySize = ByteSize(4 * MIB)
    max_concurrent: Annotated[int, Field(ge=1, le=100_000)] = 256
    keep_alive_s: Annotated[int, Field(ge=1, le=60)] = 10
    drain_s: Annotated[int, Field(ge=0, le=3600)] = 30
    token_generation: Annotated[int, Field(ge=1)] = 1
    image: Image = "caddy:2.11.7"
    relay_image: Image = "python:3.11-slim-bookworm"
    memory: Size = ByteSize(256 * MIB)
    tunnel: Tunnel | None = None

    @property
    def binds(self) -> str:
        """Loopback for plain HTTP, every address with TLS, unless the stack names one."""
        return self.bind or ("0.0.0.0" if self.tls else "127.0.0.1")  # noqa: S104 - TLS and a token stand before it

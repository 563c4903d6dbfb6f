"""Who reaches a self-hosted LLM: TruGen has to, and nobody else may without TLS."""

import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from components.llm.declared import HTTPS_PORT
from components.llm.document import HostedLlm, Llm, SelfHosted
from components.llm.gateway.addresses import agent_url, derived_url
from components.llm.gateway.tunnel import CONNECTORS
from components.stack.document import TrugenSettings
from components.stack.problems import Problem
from components.urls import why_not_public

Llms = Mapping[str, Llm]


def reachable(llms: Llms, trugen: TrugenSettings) -> Iterator[Problem]:
    """The real TruGen calls the LLM over the internet; the sandbox calls it from this machine."""
    if trugen.api_url is None:
        return
    if reason := why_not_public(trugen.api_url):
        yield Problem("trugen.apiUrl", f"is not TruGen: {reason}. Write `https://api.trugen.ai/v1`")
    for name, llm in llms.items():
        if isinstance(llm, HostedLlm) and (reason := why_not_public(llm.url)):
            yield Problem(f"llms.{name}.baseUrl", f"TruGen cannot call it: {reason}")
        elif isinstance(llm, SelfHosted):
            yield from _from_outside(f"llms.{name}", llm)


def _from_outside(path: str, llm: SelfHosted) -> Iterator[Problem]:
    tls, tunnel = llm.gateway.tls, llm.gateway.tunnel
    if not (llm.public_url or tls or tunnel):
        yield Problem(
            f"{path}.publicUrl",
            "is missing: TruGen calls the LLM over the internet. Give its gateway a host name of yours (`gateway.tls`)"
            f" or a tunnel (`gateway.tunnel`), or put an HTTPS proxy in front of 127.0.0.1:{llm.port} and write its URL"
            " here (docs/gateway.md)",
        )
        return
    if reason := why_not_public(agent_url(llm)):
        key = "publicUrl" if llm.public_url else f"gateway.{'tunnel' if tunnel else 'tls'}.hostname"
        yield Problem(f"{path}.{key}", f"TruGen cannot call it: {reason}")
    elif tls and tls.internal:
        yield Problem(
            f"{path}.gateway.tls.internal",
            "makes certificates that only this machine trusts, and TruGen does not; write `acmeEmail`, or `certificate`"
            " and `key`",
        )
    elif tls and not llm.public_url and ipaddress.ip_address(llm.gateway.binds).is_loopback:
        yield Problem(
            f"{path}.gateway.bind",
            f"is {llm.gateway.binds}, where only this machine can call {tls.hostname}; remove it, or write the"
            " `publicUrl` of what passes the calls on",
        )


def doors(llms: Llms) -> Iterator[Problem]:
    """What a gateway cannot be, whoever calls it."""
    for name, llm in llms.items():
        if isinstance(llm, SelfHosted):
            yield from _one_address(f"llms.{name}", llm)
            yield from _encrypted(f"llms.{name}", llm)
            yield from _ports_of_https(f"llms.{name}", llm)


def _one_address(path: str, llm: SelfHosted) -> Iterator[Problem]:
    tls, tunnel, derived = llm.gateway.tls, llm.gateway.tunnel, derived_url(llm)
    if tls and tunnel:
        yield Problem(
            f"{path}.gateway.tunnel",
            "stands beside `tls`, which it has no use for: a tunnel's vendor ends TLS, and calls come to the gateway"
            " inside Docker; keep one of the two",
        )
    elif derived and llm.public_url and not _same_door(llm.public_url, derived, any_port=tunnel is None):
        key = "tunnel" if tunnel else "tls"
        yield Problem(
            f"{path}.publicUrl",
            f"is {llm.public_url}, but `gateway.{key}.hostname` makes it {derived}; remove `publicUrl`, or correct one",
        )
    if tunnel and not CONNECTORS[tunnel.kind].hostname.fullmatch(tunnel.hostname):
        advice = CONNECTORS[tunnel.kind].hostname_advice
        yield Problem(f"{path}.gateway.tunnel.hostname", f"{tunnel.hostname!r} does not fit; {advice}")


def _same_door(one: str, other: str, *, any_port: bool) -> bool:
    """*any_port*, since a router may pass calls from one port on to another."""
    left, right = urlsplit(one), urlsplit(other)
    same = (left.scheme, left.hostname, left.path) == (right.scheme, right.hostname, right.path)
    return same and (any_port or left.port == right.port)


def _encrypted(path: str, llm: SelfHosted) -> Iterator[Problem]:
    """Plain HTTP may leave this machine for one reason: somebody else ends TLS, on another machine of this network."""
    gateway, address = llm.gateway, ipaddress.ip_address(llm.gateway.binds)
    behind_a_proxy = address.is_private and not address.is_unspecified and llm.public_url and not gateway.tunnel
    if gateway.tls is None and not address.is_loopback and not behind_a_proxy:
        yield Problem(
            f"{path}.gateway.bind",
            f"is {address} without `tls`: whoever is on the way could read prompts and the token. Add `gateway.tls`, or"
            " remove `bind` and let a tunnel or an HTTPS proxy on this machine pass calls on; for a proxy on another"
            " machine write the private address that it calls, and its `publicUrl`",
        )


def _ports_of_https(path: str, llm: SelfHosted) -> Iterator[Problem]:
    tls = llm.gateway.tls
    if llm.port == HTTPS_PORT and tls is None:
        yield Problem(f"{path}.port", f"is {HTTPS_PORT}, the port of HTTPS, without `gateway.tls`; choose another")
    # RFC 8737, section 3: for a TLS-ALPN challenge, the only one this gateway answers, the authority asks at 443.
    if tls and tls.by_acme and llm.port != HTTPS_PORT and not llm.public_url:
        yield Problem(
            f"{path}.port",
            f"is {llm.port}, where no certificate authority looks for {tls.hostname}; write `port: {HTTPS_PORT}`, or"
            f" have a router pass {HTTPS_PORT} on to it and write `publicUrl: https://{tls.hostname}/v1`",
        )

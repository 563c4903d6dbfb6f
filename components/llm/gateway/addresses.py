"""Under which URLs a gateway is called: by TruGen, and by this program. Pure."""

import ipaddress

from components.llm.declared import HTTPS_PORT
from components.llm.gateway.document import GatewaySettings
from components.llm.self_hosted import SelfHosted

_LOOPBACK = "127.0.0.1"


def agent_url(llm: SelfHosted) -> str:
    """Root that agents call, version segment included: what the stack says, or what follows from its gateway."""
    return llm.public_url or derived_url(llm) or f"http://{_published(llm.gateway)}:{llm.port}/v1"


def derived_url(llm: SelfHosted) -> str | None:
    """Root that follows from the host name of the gateway's TLS or tunnel; None without either."""
    if llm.gateway.tunnel:
        return f"https://{llm.gateway.tunnel.hostname}/v1"
    if llm.gateway.tls:
        port = "" if llm.port == HTTPS_PORT else f":{llm.port}"
        return f"https://{llm.gateway.tls.hostname}{port}/v1"
    return None


def private_url(llm: SelfHosted) -> str:
    """The private door, which only this machine can call."""
    return f"http://{_LOOPBACK}:{llm.private_port}"


def engine_url(llm: SelfHosted, slot: str) -> str:
    """The engine in *slot* as it is, through the private door: its own API, to which `/v1` belongs, too."""
    return f"{private_url(llm)}/engine-{slot}/{llm.facts.port}"


def needs_way_out(gateway: GatewaySettings) -> bool:
    """Whether something on the gateway's network has to call the internet: a certificate authority, or a tunnel."""
    return gateway.tunnel is not None or (gateway.tls is not None and gateway.tls.by_acme)


def _published(gateway: GatewaySettings) -> str:
    """Where this machine itself finds the public door, as it stands in a URL."""
    address = ipaddress.ip_address(gateway.binds)
    if address.is_unspecified:
        return _LOOPBACK
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - the version of IP

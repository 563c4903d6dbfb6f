"""Policies for TruGen agents and what is attached to them."""

from collections.abc import Iterator
from typing import Any

from policy.addresses import host_of, is_loopback, shown, why_not_called
from policy.seen import UNKNOWN, Seen, holds_unknown
from policy.tokens import bits_at_most, is_placeholder
from policy.verdict import Finding, NotYet, Settings, Violation, not_yet

_BITS = 256


def agent_url(seen: Seen, settings: Settings) -> Iterator[Finding]:
    """*settings* `sandbox: true`: an agent in a sandbox of this machine may call this machine."""
    yield from not_yet(seen, "llm_url")
    url = seen.get("llm_url")
    if not isinstance(url, str) or (reason := why_not_called(url)) is None:
        return
    if settings.get("sandbox") is True and _in_sandbox(seen) and is_loopback(host_of(url)):
        return
    yield Violation(
        f"llm_url is {shown(url)}: {reason}. Give its LLM a public https address: `gateway.tls` or `gateway.tunnel` for"
        " one of ours, an https `baseUrl` for a hosted one."
    )


def token_strength(seen: Seen, settings: Settings) -> Iterator[Finding]:
    """*settings* `vendors`: fewest bits by host, for endpoints whose vendor decides what a key looks like."""
    token, url = seen.get("llm_token"), seen.get("llm_url")
    if seen.get("llm_provider") not in (None, "custom", UNKNOWN):
        return  # TruGen's own models have no token
    if token is None or token == "":
        yield Violation("llm_token is empty, so whoever finds the endpoint uses it. Let the gateway generate one.")
        return
    if holds_unknown(token):
        yield NotYet("llm_token")
        return
    if not isinstance(token, str):
        yield Violation("llm_token is no text. Let the gateway generate one, or store `llmTokens.<llm>`.")
        return
    yield from _strength(token, url, settings)


def _strength(token: str, url: Any, settings: Settings) -> Iterator[Finding]:
    store = "Remove `llmTokens.<llm>` to have one generated, or store another with `pulumi config set --secret`."
    if is_placeholder(token):
        yield Violation(f"llm_token looks like a placeholder, not like a key. {store}")
        return
    bits = bits_at_most(token)
    if bits >= _BITS:
        return
    if holds_unknown(url):
        yield NotYet("llm_token (its host decides how strong it has to be)")
        return
    host = host_of(url) if isinstance(url, str) else ""
    wanted = next((least for name, least in _vendors(settings) if host == name or host.endswith(f".{name}")), _BITS)
    if bits < wanted:
        yield Violation(f"llm_token has at most {bits} bits; {wanted} are wanted for {host or 'its endpoint'}. {store}")


def _vendors(settings: Settings) -> list[tuple[str, float]]:
    vendors = settings.get("vendors")
    return list(vendors.items()) if isinstance(vendors, dict) else []


def protection(seen: Seen, _: Settings) -> Iterator[Finding]:
    if not seen.protect:
        noun = seen.type.rpartition(":")[2]
        yield Violation(
            f"{noun} {seen.name} is not protected. Set `protection: {{protect: true}}` in the stack file, and take"
            " `protect: false` off this one."
        )


def _in_sandbox(seen: Seen) -> bool:
    """`trugen:sandbox` of the provider, which is a text."""
    return str(seen.provider.get("trugen:sandbox", "")).lower() == "true"

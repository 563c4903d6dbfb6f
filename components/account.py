"""The TruGen workspace that a stack's agents live in: the real one, or a sandbox that the stack starts."""

import os
from typing import Any

import pulumi

from components.sandbox import place
from components.sandbox.listener import PortTakenError, listening
from components.stack.document import Settings
from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError

_CHECK_DEADLINE_S = 15.0


class AccountError(Exception):
    """The workspace cannot be used; the text says why and what to do."""


def check(settings: Settings) -> None:
    """
    Ask before anything is made: does TruGen take the key, or is the sandbox's port free.

    Raises:
        AccountError: no, or nobody answers.
    """
    try:
        if settings.trugen.sandbox is None:
            _check_key(settings)
        else:
            _check_port(settings.trugen.sandbox.port, settings.stack)
    except (TrugenError, PortTakenError) as error:
        raise AccountError(f"{error}\n  Nothing was created or changed.") from None


def _check_key(settings: Settings) -> None:
    stored = settings.trugen_api_key.get_secret_value() if settings.trugen_api_key else ""
    # In the order in which the agents' provider will take them.
    key = os.environ.get("TRUGEN_API_KEY") or stored
    trugen = settings.trugen
    TrugenClient(str(trugen.api_url), key, ca_bundle=trugen.ca_bundle, deadline_s=_CHECK_DEADLINE_S).check_key()


def _check_port(port: int, stack: str) -> None:
    if not place.serves(stack, port):
        listening(port).close()


class TrugenAccount:
    """
    Provider and outputs of the workspace.

    *local* runs the sandbox; the agents' provider is another one, so that a new key is a change of the provider and of
    no agent, and gates that wait for minutes do not take the agents' workers. *authorities* is the folder of CA
    certificates that only gateways of ours know: a sandbox trusts them.
    """

    provider: pulumi.ProviderResource
    outputs: dict[str, Any]
    """`trugen_api_url`, and with a sandbox `sandbox: {api_url, api_key}`."""

    def __init__(self, settings: Settings, local: pulumi.ProviderResource, authorities: str | None = None) -> None:
        self._sandbox_root: pulumi.Output[str] | None = None
        if settings.trugen.sandbox is None:
            api_url = settings.trugen.api_url
            key = settings.trugen_api_key and pulumi.Output.secret(settings.trugen_api_key.get_secret_value())
            self.outputs = {"trugen_api_url": api_url}
            config = {"trugen:apiUrl": api_url, "trugen:apiKey": key, "trugen:caBundle": settings.trugen.ca_bundle}
        else:
            # Inside: a stack with the real TruGen needs none of it.
            from components.sandbox.resource import TrugenSandbox  # noqa: PLC0415 - see above

            sandbox = TrugenSandbox(
                "sandbox",
                **settings.trugen.sandbox.model_dump(),
                data_dir=str(place.chosen(settings.stack)),
                authorities=authorities,
                opts=pulumi.ResourceOptions(provider=local),
            )
            self.outputs = {
                "trugen_api_url": sandbox.api_url,
                "sandbox": {"api_url": sandbox.api_url, "api_key": sandbox.api_key},
            }
            self._sandbox_root = sandbox.api_url.apply(lambda url: url.removesuffix("/v1"))
            config = {"trugen:apiUrl": sandbox.api_url, "trugen:apiKey": sandbox.api_key, "trugen:sandbox": "true"}
        if settings.trugen.max_calls_per_s is not None:
            config["trugen:maxCallsPerS"] = str(settings.trugen.max_calls_per_s)
        self.provider = pulumi.ProviderResource("pulumi-python", "trugen", config)

    def link(self, agent_id: pulumi.Output[str], embed_url: pulumi.Output[str]) -> dict[str, Any]:
        """Where to talk to an agent: TruGen's embed page, or in a sandbox the call that says a sentence to it."""
        if self._sandbox_root is None:
            return {"embed_url": embed_url}
        return {"say_url": pulumi.Output.concat(self._sandbox_root, "/sandbox/agents/", agent_id, "/say")}

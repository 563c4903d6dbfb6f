"""The TruGen workspace that a stack's agents live in: the real one, or a sandbox that the stack starts."""

import os
from typing import Any

import pulumi

from components.stack.document import Settings
from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError

_DATA = ".cache/sandbox"
_CHECK_DEADLINE_S = 15.0


class AccountError(Exception):
    """TruGen does not take the key, or cannot be asked; the text is the client's."""


def check_key(settings: Settings) -> None:
    """
    Ask the real TruGen whether the key is good, before anything is made. A sandbox makes its own key.

    Raises:
        AccountError: It is not, or nobody answers.
    """
    if settings.trugen.api_url is None:
        return
    stored = settings.trugen_api_key.get_secret_value() if settings.trugen_api_key else ""
    # In the order in which the agents' provider will take them.
    key = os.environ.get("TRUGEN_API_KEY") or stored
    try:
        TrugenClient(settings.trugen.api_url, key, deadline_s=_CHECK_DEADLINE_S).check_key()
    except TrugenError as error:
        raise AccountError(f"{error}\n  Nothing was created or changed.") from None


class TrugenAccount:
    """
    Provider and outputs of the workspace.

    *local* runs the sandbox; the agents' provider is another one, so that a new key is a change of the provider and of
    no agent, and gates that wait for minutes do not take the agents' workers.
    """

    provider: pulumi.ProviderResource
    outputs: dict[str, Any]
    """`trugen_api_url`, and with a sandbox `sandbox: {api_url, api_key}`."""

    def __init__(self, settings: Settings, local: pulumi.ProviderResource) -> None:
        if settings.trugen.sandbox is None:
            api_url = settings.trugen.api_url
            key = settings.trugen_api_key and pulumi.Output.secret(settings.trugen_api_key.get_secret_value())
            self.outputs = {"trugen_api_url": api_url}
            config = {"trugen:apiUrl": api_url, "trugen:apiKey": key}
        else:
            # Inside: a stack with the real TruGen needs none of it.
            from components.sandbox.resource import TrugenSandbox  # noqa: PLC0415 - see above

            sandbox = TrugenSandbox(
                "sandbox",
                **settings.trugen.sandbox.model_dump(),
                data_dir=f"{_DATA}/{settings.stack}",
                opts=pulumi.ResourceOptions(provider=local),
            )
            self.outputs = {
                "trugen_api_url": sandbox.api_url,
                "sandbox": {"api_url": sandbox.api_url, "api_key": sandbox.api_key},
            }
            config = {"trugen:apiUrl": sandbox.api_url, "trugen:apiKey": sandbox.api_key, "trugen:sandbox": "true"}
        self.provider = pulumi.ProviderResource("pulumi-python", "trugen", config)

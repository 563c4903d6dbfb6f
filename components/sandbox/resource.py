"""TrugenSandbox: the local TruGen API as a process that the stack declares."""

from typing import Literal

import pulumi
from pulumi import ResourceOptions

from components.sandbox.process import SandboxProcess

_TYPE = "pulumi-python:dynamic/trugen:Sandbox"


class TrugenSandbox(pulumi.dynamic.Resource, module="trugen", name="Sandbox"):
    """
    The sandbox, running on this machine until the resource is deleted.

    Args:
        port: where it listens, at 127.0.0.1 only.
        reveal_llm: reads show the LLM's url and token.
        placement: where llm, stt and tts are read from and shown at.
        data_dir: agents, key and log, from its creation on: another value is no change. Deleted with the resource.
        authorities: folder of CA certificates, `<host>:<port>.pem` for an LLM whose own one TruGen would not know.
    """

    api_url: pulumi.Output[str]
    """Base URL for the TruGen client, `http://127.0.0.1:<port>/v1`."""
    api_key: pulumi.Output[str]
    """Generated once per data dir; secret."""
    pid: pulumi.Output[int]
    started_at: pulumi.Output[str]
    """RFC 3339."""

    def __init__(
        self,
        name: str,
        *,
        port: int,
        reveal_llm: bool,
        placement: Literal["nested", "flat"],
        data_dir: str,
        authorities: str | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        given = {"authorities": authorities} if authorities else {}  # left out, as states of before have it
        props = {
            **given,
            "port": port,
            "reveal_llm": reveal_llm,
            "placement": placement,
            "data_dir": data_dir,
            # An input too, so that it stays known in the preview of a restart.
            "api_url": f"http://127.0.0.1:{port}/v1",
            "progress_urn": pulumi.create_urn(name, _TYPE, opts.parent if opts else None),
            "api_key": None,
            "pid": None,
            "started_at": None,
        }
        secret = ResourceOptions(additional_secret_outputs=["api_key"])
        super().__init__(SandboxProcess(), name, props, ResourceOptions.merge(opts, secret))

"""
What is known about each vendor's tunnel, as data, and what Docker is asked for to run a declared one. Pure.

A tunnel connects from here to its vendor, so no port is open, and carries the calls to the gateway, whose checks it
does not replace. Nobody here ran these images; a comment names the file that a fact was read from. Digests are those
that public files name beside the tag.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from components.llm.gateway.document import Tunnel

GATEWAY = "http://gateway:8080"
"""The gateway on the network that it shares with its tunnel: plain HTTP that never leaves this machine."""
PLACE = "/run/trugen-llm"
"""The volume with its files: `docker inspect` shows an environment and a command to whoever may ask Docker."""
_MEMORY_MIB = 256
_NONROOT = 65532
"""As distroless images call it; no program here needs to be root, and the files are for this user."""


@dataclass(frozen=True)
class Connector:
    """
    How to run the tunnel of one vendor in a container.

    Args:
        image: By default.
        user: User id that its files are for and that it runs as.
        group: Of the process.
        command: Words after the image's own entrypoint.
        env: Always given, the host name in it as `{host}` and its first label as `{machine}`. No secret.
        files: Names to contents, from the host name and the token.
        healthcheck: By a program that the image has; None where there is none to ask.
        state: Folder of its volume that it writes to; without one it cannot write there.
        token: What its token looks like, as far as the vendor says.
        token_advice: What to store instead.
        hostname: What its host names look like.
        hostname_advice: What to write instead.
    """

    image: str
    user: int
    group: int
    files: Callable[[str, str], Mapping[str, str]]
    token: re.Pattern[str]
    token_advice: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    healthcheck: tuple[str, ...] | None = None
    state: str | None = None
    hostname: re.Pattern[str] = re.compile(r".+")
    hostname_advice: str = ""


@dataclass(frozen=True)
class TunnelSpec:
    """What Docker is asked for. *user* is spelled as by `docker run --user`, *memory_mib* is without swap."""

    image: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    user: str
    healthcheck: tuple[str, ...] | None
    volume_read_only: bool
    memory_mib: int


def tunnel_container(tunnel: Tunnel) -> TunnelSpec:
    facts = CONNECTORS[tunnel.kind]
    names = {"host": tunnel.hostname, "machine": tunnel.hostname.partition(".")[0]}
    return TunnelSpec(
        image=tunnel.image or facts.image,
        command=facts.command,
        env={key: value.format(**names) for key, value in facts.env.items()},
        user=f"{facts.user}:{facts.group}",
        healthcheck=facts.healthcheck,
        volume_read_only=facts.state is None,
        memory_mib=_MEMORY_MIB,
    )


def tunnel_files(tunnel: Tunnel, token: str) -> Mapping[str, str]:
    """Contents by name, of which at least one is secret."""
    return CONNECTORS[tunnel.kind].files(tunnel.hostname, token)


def _of_cloudflared(_host: str, token: str) -> Mapping[str, str]:
    return {"token": token}


def _of_tailscale(host: str, token: str) -> Mapping[str, str]:
    """The shape is `ServeConfig` of tailscale/tailscale@v1.102.3:ipn/serve.go; it keeps the caller's `Host`."""
    at = f"{host}:443"
    served = {
        "TCP": {"443": {"HTTPS": True}},
        "Web": {at: {"Handlers": {"/": {"Proxy": GATEWAY}}}},
        "AllowFunnel": {at: True},
    }
    return {"auth-key": token, "serve.json": json.dumps(served)}


def _of_ngrok(host: str, token: str) -> Mapping[str, str]:
    """
    JSON is YAML, and quotes what it holds. The options are those of https://ngrok.com/docs/agent/config/v3.

    By default the agent keeps requests with their prompts and tokens to be looked at (`web_addr`, `inspect_db_size`),
    and lets its vendor's dashboard restart and update it (`remote_management`, `update_check`).
    """
    agent = {
        "authtoken": token,
        "web_addr": False,
        "inspect_db_size": -1,
        "remote_management": False,
        "update_check": False,
        "console_ui": False,
        "log": "stdout",
    }
    endpoint = {"name": "gateway", "url": f"https://{host}", "upstream": {"url": GATEWAY}}
    return {"ngrok.yml": json.dumps({"version": 3, "agent": agent, "endpoints": [endpoint]})}


# A named tunnel that is configured at Cloudflare, where its public host name must lead to `GATEWAY`.
CLOUDFLARED = Connector(
    image="cloudflare/cloudflared:2026.10.0@sha256:9b49eed8f62806d5d45ddf59ecefb5710429598ea6d3fcccd2af938f621b2b07",
    # The image's own: cloudflare/cloudflared@2026.8.2:Dockerfile, which also has the entrypoint
    # `cloudflared --no-autoupdate`.
    user=_NONROOT,
    group=_NONROOT,
    # `--token-file`: cmd/cloudflared/tunnel/subcommands.go at that tag. Metrics would listen on every address.
    command=("tunnel", "--metrics", "127.0.0.1:2000", "run", "--token-file", f"{PLACE}/token"),
    files=_of_cloudflared,
    # `ready` asks for a connection to Cloudflare (`readyCommand` of the same file); the image has no shell.
    healthcheck=("CMD", "cloudflared", "tunnel", "--metrics", "127.0.0.1:2000", "ready"),
    # JSON in base64, which `ParseToken` reads; it begins as Cloudflare's "Tunnel permissions" page shows it.
    token=re.compile(r"eyJ[A-Za-z0-9+/]{20,4000}={0,2}"),
    token_advice="store the tunnel's token alone, the long word that begins with 'eyJ' in its install command",  # noqa: S106 - words
)
TAILSCALE = Connector(
    image="tailscale/tailscale:v1.102.5@sha256:c507f3a2a6ab1cabd8d809b98edeb41edbd5c3fb6ad9632ffd098b4c7d0b4065",
    user=_NONROOT,
    group=_NONROOT,
    state="state",
    # tailscale/tailscale@v1.102.3:cmd/containerboot/main.go. Userspace networking, its default, needs neither root nor
    # a capability nor /dev/net/tun (docs/k8s/userspace-sidecar.yaml runs it as user 1000).
    env={
        "TS_AUTHKEY": f"file:{PLACE}/auth-key",
        # The key serves the first start only; after that the state says who it is, and keeps its name and certificate.
        "TS_AUTH_ONCE": "true",
        "TS_STATE_DIR": f"{PLACE}/state",
        "TS_HOSTNAME": "{machine}",
        "TS_SERVE_CONFIG": f"{PLACE}/serve.json",
        "TS_ENABLE_HEALTH_CHECK": "true",
        "TS_LOCAL_ADDR_PORT": "127.0.0.1:9002",
        # Or it looks for a place to write that a read-only root has not (logpolicy/logpolicy.go, `LogsDir`).
        "TS_LOGS_DIR": "/tmp",  # noqa: S108 - inside the container, so nobody else can race for it
    },
    files=_of_tailscale,
    # Alpine's wget (Dockerfile, build_docker.sh); 200 as soon as the machine has an address of the tailnet.
    healthcheck=("CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9002/healthz"),
    # https://tailscale.com/docs/reference/key-prefixes; a key of an OAuth client would need tags, too.
    token=re.compile(r"tskey-auth-[A-Za-z0-9-]{8,200}"),
    token_advice="store an auth key, which begins with 'tskey-auth-'",  # noqa: S106 - words
    hostname=re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.ts\.net"),
    hostname_advice="Funnel serves '<machine>.<tailnet>.ts.net' only; the admin console shows the tailnet's name",
)
NGROK = Connector(
    image="ngrok/ngrok:3.39.11-alpine@sha256:187e588f6c4efe3b29cd3eea9fcd768a1afa7342319e3cee9aeb5af6a9cf64fd",
    # The image's own, as numbers: ngrok/docker-ngrok@d37bcf4:build.nix.
    user=1000,
    group=100,
    # scripts/entrypoint.sh there: this file instead of the image's own, which opens the inspector to every address;
    # without words it starts every endpoint of the file.
    env={"NGROK_CONFIG": f"{PLACE}/ngrok.yml"},
    files=_of_ngrok,
    # Its shape is not documented.
    token=re.compile(r"[!-~]{8,200}"),
    token_advice="store the agent's authtoken alone, as dashboard.ngrok.com shows it",  # noqa: S106 - words
)
CONNECTORS: Mapping[str, Connector] = {"cloudflared": CLOUDFLARED, "tailscale": TAILSCALE, "ngrok": NGROK}

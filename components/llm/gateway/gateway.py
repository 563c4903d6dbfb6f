"""The only way to an engine: Caddy at the door, the relay behind it, each in a hardened container."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import pulumi
import pulumi_docker as docker

from components.llm.declared import MIB
from components.llm.gateway import addresses, caddyfile
from components.llm.gateway.caddyfile import METRICS_HOST, METRICS_PORT, STORAGE_FOLDER, STORAGE_VOLUME
from components.llm.gateway.door import GATEWAY_USER
from components.llm.gateway.files import GatewayFiles, GatewayFilesArgs
from components.llm.gateway.places import CADDYFILE, CERTIFICATE, ENGINE_KEY, KEY, PLACE, PRIVATE_TOKEN, TOKEN
from components.llm.gateway.tunnel_server import GatewayTunnel
from components.llm.gguf import locate
from components.llm.hardening import RESTART, container_options, hardened, health, image, labels, network
from components.llm.names import Names
from components.llm.secret_files import SecretFiles
from components.llm.self_hosted import SelfHosted
from components.llm.server import LlmServer

RELAY_PORT = 8090
_SCRATCH = "rw,noexec,nosuid,size=16m"
_USER = f"{GATEWAY_USER}:{GATEWAY_USER}"
_GATEWAY_PROCESSES, _RELAY_PROCESSES = 256, 64
# Published ports need no way out, and answers to them find their way all the same.
_NO_WAY_OUT = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
# Docker publishes the private door through this network, so it listens there; only this machine shall call it.
_NO_NEIGHBOURS = {"com.docker.network.bridge.enable_icc": "false"}
# The official binary carries this capability in its file and cannot be executed where it is dropped.
_OF_THE_BINARY = ("CAP_NET_BIND_SERVICE",)
_HEALTHY = ("CMD", "wget", "-q", "-O", "/dev/null", f"http://{METRICS_HOST}:{METRICS_PORT}/healthz")
# Docker leaves a name that is not on an internal network without an answer: that of an engine or relay that is down.
_GIVE_UP_SOON = ["timeout:1", "attempts:2"]
_ALIVE = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/healthz', timeout=5)"


@dataclass(frozen=True)
class GatewayTokens:
    """
    *public* lets TruGen in; *private* opens the door of this machine, behind which engines are proven and filled.

    *engine* is what the gateway shows to the engine. *tunnel* is what a tunnel's vendor knows it by; None without one.
    """

    public: pulumi.Output[str]
    private: pulumi.Output[str]
    engine: pulumi.Output[str]
    tunnel: str | None


class Gateway(pulumi.ComponentResource):
    """
    The doors to *server*: a public one with two routes, and a private one on loopback that leads to each engine.

    Raises:
        OSError: a certificate file cannot be read; preflight has said so before.
    """

    token: pulumi.Output[str]
    """Secret. Known once the door accepts it."""
    volume: pulumi.Output[str]
    image_id: pulumi.Output[str]
    """Of a local image that can carry files into the volume."""
    files_mark: pulumi.Output[str]
    """Changes with configuration, certificate and token."""
    url: pulumi.Output[str]
    """Root that TruGen calls. Known once somebody answers there."""

    def __init__(
        self, name: str, args: SelfHosted, server: LlmServer, tokens: GatewayTokens, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("trugen-llm:index:Gateway", name, {}, opts)
        self._names = Names(pulumi.get_project(), pulumi.get_stack(), name)
        self._settings = args.gateway
        pulled = image(f"{name}-gateway-image", args.gateway.image, self, after=[server.image])
        self.image_id = pulled.image_id
        self.volume = docker.Volume(
            f"{name}-gateway",
            name=self._names.gateway,
            labels=labels(docker.VolumeLabelArgs, self._names.owner),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[pulled]),
        ).name
        written = GatewayFiles(
            name,
            GatewayFilesArgs(self.volume, pulled.image_id, self._names.gateway, self._contents(args, tokens)),
            pulumi.ResourceOptions(parent=self),
        )
        self.files_mark = written.mark
        self.token = pulumi.Output.all(tokens.public, written.mark).apply(lambda both: str(both[0]))
        way_out = {} if addresses.needs_way_out(args.gateway) else _NO_WAY_OUT
        options = way_out | ({} if args.gateway.tunnel else _NO_NEIGHBOURS)
        front = network(f"{name}-front", self, self._names, self._names.front_network, after=pulled, options=options)
        networks = [
            docker.ContainerNetworksAdvancedArgs(name=at, aliases=[alias])
            for at, alias in ((front.name, "gateway"), (server.private_network, METRICS_HOST))
        ]
        # The engine, too: in the releases without a gateway it held the port.
        after = [written, self._relay(name, server), server]
        caddy = self._caddy(name, pulled, self._ports(args), networks, after)
        self.url = pulumi.Output.all(caddy.id, *self._tunnel(name, tokens, front.name, caddy)).apply(
            lambda _: addresses.agent_url(args)
        )
        self.register_outputs({})

    def _contents(self, args: SelfHosted, tokens: GatewayTokens) -> Mapping[str, pulumi.Input[str]]:
        contents: dict[str, pulumi.Input[str]] = {
            CADDYFILE: caddyfile.caddyfile(args.gateway, args.public_url),
            TOKEN: tokens.public,
            PRIVATE_TOKEN: tokens.private,
            ENGINE_KEY: tokens.engine,
        }
        tls = args.gateway.tls
        if tls and tls.certificate and tls.key:
            contents[CERTIFICATE] = locate(tls.certificate).read_text()
            contents[KEY] = locate(tls.key).read_text()
        return contents

    def _relay(self, name: str, server: LlmServer) -> docker.Container:
        pulled = image(f"{name}-relay-image", self._settings.relay_image, self, after=[server.image])
        program = files(__package__).joinpath("relay.py").read_text()
        options = ("--port", str(RELAY_PORT), "--keep-alive-s", f"{self._settings.keep_alive_s:g}")
        return docker.Container(
            f"{name}-relay",
            name=self._names.relay,
            image=pulled.image_id,
            entrypoints=["python3"],
            command=["-c", program, *options],
            user=_USER,
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=server.private_network, aliases=["relay"])],
            dns_opts=_GIVE_UP_SOON,
            labels=labels(docker.ContainerLabelArgs, self._names.owner),
            memory=(most := self._relay_memory_mib()),
            memory_swap=most,
            restart=RESTART,
            healthcheck=health("CMD", "python3", "-c", _ALIVE.format(port=RELAY_PORT)),
            opts=container_options(self, self._names, self._names.relay, _RELAY_PROCESSES),
            **hardened(scratch=_SCRATCH),
        )

    def _relay_memory_mib(self) -> int:
        """Room for all bodies that the gateway lets in at a time, as bytes and while they are read as JSON."""
        settings = self._settings
        return (settings.memory + 2 * settings.max_concurrent * settings.max_body) // MIB

    def _caddy(
        self,
        name: str,
        pulled: docker.RemoteImage,
        ports: Sequence[docker.ContainerPortArgs],
        networks: Sequence[docker.ContainerNetworksAdvancedArgs],
        after: Sequence[pulumi.Resource],
    ) -> docker.Container:
        opts = container_options(self, self._names, self._names.gateway, _GATEWAY_PROCESSES)
        kept = self._certificates(name, pulled)
        return docker.Container(
            f"{name}-gateway",
            name=self._names.gateway,
            image=pulled.image_id,
            entrypoints=list(caddyfile.RUN[:1]),
            command=list(caddyfile.RUN[1:]),
            user=_USER,
            envs=["HOME=/tmp", "XDG_CONFIG_HOME=/tmp", "XDG_DATA_HOME=/tmp"],
            ports=ports,
            networks_advanced=networks,
            dns_opts=_GIVE_UP_SOON,
            volumes=[
                docker.ContainerVolumeArgs(volume_name=self.volume, container_path=PLACE, read_only=True),
                *(docker.ContainerVolumeArgs(volume_name=volume, container_path=STORAGE_VOLUME) for volume in kept),
            ],
            labels=labels(docker.ContainerLabelArgs, self._names.owner),
            memory=self._settings.memory // MIB,
            memory_swap=self._settings.memory // MIB,
            restart=RESTART,
            healthcheck=health(*_HEALTHY),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=after)),
            **hardened(scratch=_SCRATCH, capabilities=_OF_THE_BINARY),
        )

    def _certificates(self, name: str, pulled: docker.RemoteImage) -> list[pulumi.Output[str]]:
        """
        A volume for certificates that Caddy gets or makes itself, with a folder that its user may write to.

        Without it every start would ask for new ones, of which an authority gives a few in a week.
        """
        tls = self._settings.tls
        if tls is None or tls.by_files:
            return []
        volume = docker.Volume(
            f"{name}-certificates",
            name=self._names.certificates,
            labels=labels(docker.VolumeLabelArgs, self._names.owner),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[pulled]),
        ).name
        opts = pulumi.ResourceOptions(parent=self)
        folder = SecretFiles(
            f"{name}-certificates", pulled.image_id, volume, {}, opts, owner=GATEWAY_USER, folders=[STORAGE_FOLDER]
        )
        return [pulumi.Output.all(volume, folder.mark).apply(lambda both: str(both[0]))]

    def _tunnel(
        self, name: str, tokens: GatewayTokens, front: pulumi.Input[str], caddy: docker.Container
    ) -> list[pulumi.Output[str]]:
        """Whoever calls through it waits for these."""
        tunnel = self._settings.tunnel
        if tunnel is None or tokens.tunnel is None:
            return []
        opts = pulumi.ResourceOptions(parent=self, depends_on=[caddy])
        return [GatewayTunnel(name, tunnel, tokens.tunnel, front, opts).container_id]

    def _ports(self, args: SelfHosted) -> list[docker.ContainerPortArgs]:
        """Ascending by the port inside, as Docker tells them."""
        inside = caddyfile.TLS_PORT if self._settings.tls else caddyfile.PLAIN_PORT
        doors = {inside: (self._settings.binds, args.port), caddyfile.PRIVATE_PORT: ("127.0.0.1", args.private_port)}
        return [
            docker.ContainerPortArgs(ip=ip, external=external, internal=internal, protocol="tcp")
            for internal, (ip, external) in sorted(doors.items())
        ]

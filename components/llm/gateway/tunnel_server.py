"""The tunnel in front of a gateway, in a hardened container of its own."""

import pulumi
import pulumi_docker as docker

from components.llm.gateway.document import Tunnel
from components.llm.gateway.tunnel import CONNECTORS, PLACE, tunnel_container, tunnel_files
from components.llm.hardening import RESTART, container_options, hardened, health, image, labels
from components.llm.names import Names
from components.llm.secret_files import SecretFiles

_SCRATCH = "rw,noexec,nosuid,size=16m"
_PROCESSES = 128
_SECRETS_LABEL = "trugen-llm.secrets"


class GatewayTunnel(pulumi.ComponentResource):
    """
    Carries calls from the internet to the gateway, which it finds as `gateway` on the network *front*.

    It publishes no port and shares no network with an engine. *token* is the secret that its vendor knows it by; it
    stands in a file of the volume, and a new one makes a new container. *front* has to have a way out
    (`addresses.needs_way_out`).
    """

    container_id: pulumi.Output[str]
    """Whoever calls the public URL waits for it."""

    def __init__(
        self, name: str, tunnel: Tunnel, token: str, front: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("trugen-llm:index:GatewayTunnel", name, {}, opts)
        self._names = Names(pulumi.get_project(), pulumi.get_stack(), name)
        facts = CONNECTORS[tunnel.kind]
        pulled = image(f"{name}-tunnel-image", tunnel_container(tunnel).image, self)
        volume = docker.Volume(
            f"{name}-tunnel",
            name=self._names.tunnel,
            labels=labels(docker.VolumeLabelArgs, self._names.owner),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[pulled]),
        )
        files = SecretFiles(
            f"{name}-tunnel",
            pulled.image_id,
            volume.name,
            tunnel_files(tunnel, token),
            pulumi.ResourceOptions(parent=self),
            owner=facts.user,
            folders=[facts.state] if facts.state else [],
        )
        self.container_id = self._container(name, tunnel, pulled.image_id, front, volume.name, files.mark).id
        self.register_outputs({})

    def _container(
        self,
        name: str,
        tunnel: Tunnel,
        image_id: pulumi.Input[str],
        front: pulumi.Input[str],
        volume: pulumi.Input[str],
        secrets_mark: pulumi.Input[str],
    ) -> docker.Container:
        spec = tunnel_container(tunnel)
        marks: dict[str, pulumi.Input[str]] = {**self._names.owner, _SECRETS_LABEL: secrets_mark}
        return docker.Container(
            f"{name}-tunnel",
            name=self._names.tunnel,
            image=image_id,
            command=spec.command or None,
            envs=[f"{key}={value}" for key, value in sorted(spec.env.items())] or None,
            user=spec.user,
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=front)],
            volumes=[
                docker.ContainerVolumeArgs(
                    volume_name=volume, container_path=PLACE, read_only=spec.volume_read_only or None
                )
            ],
            labels=labels(docker.ContainerLabelArgs, marks),
            memory=spec.memory_mib,
            memory_swap=spec.memory_mib,
            restart=RESTART,
            healthcheck=health(*spec.healthcheck) if spec.healthcheck else None,
            opts=container_options(self, self._names, self._names.tunnel, _PROCESSES),
            **hardened(scratch=_SCRATCH),
        )

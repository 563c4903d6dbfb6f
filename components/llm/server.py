"""An engine in a hardened container of its own, on a network that nobody outside has a way to."""

import grp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.llm.container_spec import ContainerSpec, container_spec
from components.llm.gateway.slots import Choice
from components.llm.gguf import locate
from components.llm.hardening import container_options, hardened, health, image, labels, network
from components.llm.names import Names, Slot, alias
from components.llm.secret_files import SecretFiles
from components.llm.self_hosted import SelfHosted

_PROCESSES = 4096
# No address of this machine on it either: the kernel would route to its containers.
_NO_ROUTE = {"com.docker.network.bridge.inhibit_ipv4": "true"}


@dataclass(frozen=True)
class _Places:
    """What the container is put into."""

    image_id: pulumi.Input[str]
    networks: Sequence[docker.ContainerNetworksAdvancedArgs]
    volume: pulumi.Input[str]
    secrets_mark: pulumi.Input[str] | None


class LlmServer(pulumi.ComponentResource):
    """
    One engine in one of two slots: image, private network, volume for what it fetches, container without a port.

    *secret_files* are put into the volume. The process is root without any capability, as the images keep their caches
    in root's home. Memory is limited, without swap, and so is the number of processes.
    """

    address: str
    """Name and port on the private network."""
    container_id: pulumi.Output[str]
    private_network: pulumi.Output[str]
    egress_network: pulumi.Output[str] | None
    """The way out that may be opened to fetch weights; None for an engine that fetches none."""

    def __init__(
        self,
        name: str,
        args: SelfHosted,
        choice: Choice,
        opts: pulumi.ResourceOptions,
        secret_files: Mapping[str, str],
    ) -> None:
        # Its type when Ollama was the only engine: the alias keeps the resources of then.
        renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="trugen-llm:index:OllamaServer")])
        super().__init__("trugen-llm:index:LlmServer", name, {}, pulumi.ResourceOptions.merge(opts, renamed))
        self._names = names = Names(pulumi.get_project(), pulumi.get_stack(), name)
        self.address = f"{alias(choice.slot)}:{args.facts.port}"
        spec = container_spec(args)
        pulled = image(f"{name}-image", spec.image, self)
        private = network(
            f"{name}-private", self, names, names.private_network, internal=True, options=_NO_ROUTE, after=pulled
        )
        way_out = (
            None
            if args.egress == "never"
            else network(f"{name}-egress", self, names, names.egress_network, after=pulled)
        )
        self.private_network = private.name
        self.egress_network = way_out.name if way_out else None
        volume = docker.Volume(
            self._volume_resource(args, choice.slot),
            name=names.volume(args.engine, choice.slot if args.facts.volume_per_slot else None),
            labels=labels(docker.VolumeLabelArgs, names.owner),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[pulled]),
        )
        mark = (
            SecretFiles(
                self._volume_resource(args, choice.slot).replace("-models", ""),
                pulled.image_id,
                volume.name,
                secret_files,
                pulumi.ResourceOptions(parent=self),
            ).mark
            if secret_files
            else None
        )
        attached = [docker.ContainerNetworksAdvancedArgs(name=private.name, aliases=[alias(choice.slot)])]
        if way_out is not None and args.egress == "always":
            attached.append(docker.ContainerNetworksAdvancedArgs(name=way_out.name))
        places = _Places(pulled.image_id, attached, volume.name, mark)
        self.container_id = self._container(name, args, spec, choice, places).id
        self.register_outputs({})

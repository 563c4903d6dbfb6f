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
_FIRST: Slot = "a"
_SECRETS_LABEL = "trugen-llm.secrets"
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

    image: docker.RemoteImage
    """Whoever makes something waits for it: a stack whose engine's image does not exist leaves nothing in Docker."""
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
        secret_files: Mapping[str, pulumi.Input[str]],
    ) -> None:
        # Its type when Ollama was the only engine: the alias keeps the resources of then.
        renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="trugen-llm:index:OllamaServer")])
        super().__init__("trugen-llm:index:LlmServer", name, {}, pulumi.ResourceOptions.merge(opts, renamed))
        self._names = names = Names(pulumi.get_project(), pulumi.get_stack(), name)
        self.address = f"{alias(choice.slot)}:{args.facts.port}"
        spec = container_spec(args)
        self.image = pulled = image(f"{name}-image", spec.image, self)
        private = network(
            f"{name}-private", self, names, names.private_network, internal=True, options=_NO_ROUTE, after=pulled
        )
        self.private_network = private.name
        attached = [docker.ContainerNetworksAdvancedArgs(name=private.name, aliases=[alias(choice.slot)])]
        self.egress_network = None
        if args.egress != "never":
            egress = network(f"{name}-egress", self, names, names.egress_network, after=pulled)
            self.egress_network = egress.name
            if args.egress == "always":
                attached.append(docker.ContainerNetworksAdvancedArgs(name=egress.name))
        own = f"-{choice.slot}" if args.facts.volume_per_slot else ""
        volume = self._volume(name, f"{names.volume(args.engine)}{own}", choice, pulled)
        mark = None
        if secret_files:
            child = pulumi.ResourceOptions(parent=self)
            mark = SecretFiles(f"{name}{own}", pulled.image_id, volume.name, secret_files, child).mark
        places = _Places(pulled.image_id, attached, volume.name, mark)
        self.container_id = self._container(name, args, spec, choice, places).id
        self.register_outputs({})

    def _volume(self, name: str, called: str, choice: Choice, pulled: docker.RemoteImage) -> docker.Volume:
        """A resource for each engine: if it were replaced, Pulumi would first delete the live engine that uses it."""
        logical_name, first = f"{name}{called.removeprefix(self._names.container)}", f"{name}-models"
        opts = pulumi.ResourceOptions(parent=self, depends_on=[pulled])
        if logical_name != first and choice.first:
            # What the releases without a gateway called it, whatever the engine. Ollama's is called so still, and the
            # weights of one that is stopped shall stay until another engine is proven.
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(first)]))
        return docker.Volume(
            logical_name, name=called, labels=labels(docker.VolumeLabelArgs, self._names.owner), opts=opts
        )

    def _container(
        self, name: str, args: SelfHosted, spec: ContainerSpec, choice: Choice, places: _Places
    ) -> docker.Container:
        engine, called = args.facts, self._names.engine(choice.slot)
        opts = container_options(self, self._names, called, _PROCESSES)
        if choice.slot == _FIRST:
            # What the releases without a gateway called it: it held the port that the gateway needs.
            opts = pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(f"{name}-container")])
            )
        return docker.Container(
            f"{name}-{choice.slot}",
            name=called,
            image=places.image_id,
            entrypoints=spec.entrypoint,
            command=spec.command or None,
            user=engine.user,
            envs=[f"{key}={value}" for key, value in sorted(spec.env.items())],
            networks_advanced=places.networks,
            volumes=_volumes(engine.cache_path, spec, places),
            labels=labels(docker.ContainerLabelArgs, self._marks(choice, places)),
            gpus=spec.gpus,
            devices=[docker.ContainerDeviceArgs(host_path=path) for path in spec.devices] or None,
            group_adds=_numbers_of(spec.groups) or None,
            shm_size=spec.shm_mib,
            memory=args.memory_mib,
            memory_swap=args.memory_mib,
            cpus=None if args.cpus is None else f"{args.cpus:g}",
            restart=args.restart,
            healthcheck=health(*engine.healthcheck),
            opts=opts,
            **hardened(scratch=engine.scratch),
        )

    def _marks(self, choice: Choice, places: _Places) -> Mapping[str, pulumi.Input[str]]:
        """Labels. The mark of the spec changes with mounted files' contents: another container reads them again."""
        marks: dict[str, pulumi.Input[str]] = dict(self._names.engine_labels(choice.slot, choice.mark))
        if places.secrets_mark is not None:
            marks[_SECRETS_LABEL] = places.secrets_mark
        return marks


def _volumes(cache_path: str, spec: ContainerSpec, places: _Places) -> list[docker.ContainerVolumeArgs]:
    return [
        docker.ContainerVolumeArgs(volume_name=places.volume, container_path=cache_path),
        *(
            docker.ContainerVolumeArgs(host_path=str(locate(path)), container_path=inside, read_only=True)
            for inside, path in spec.mounts.items()
        ),
    ]


def _numbers_of(groups: Sequence[str]) -> list[str]:
    """As numbers, since images do not know the names: llama.cpp's ROCm image fails on them (its docs/docker.md)."""
    return [str(one.gr_gid) for one in grp.getgrall() if one.gr_name in groups]

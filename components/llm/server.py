"""An engine in a hardened container of its own, reachable from this machine only."""

import grp
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_docker as docker

from components.llm import left_overs
from components.llm.container_spec import ContainerSpec, container_spec
from components.llm.gguf import locate
from components.llm.host_files import mark_of
from components.llm.names import Names
from components.llm.secret_files import SecretFiles
from components.llm.self_hosted import SelfHosted

# The docker provider neither updates nor replaces on these (kreuzwerker/terraform-provider-docker#988).
_SILENTLY_IGNORED = ["healthcheck", "tmpfs"]
Label = TypeVar("Label")
_IMAGE_PULL = pulumi.CustomTimeouts(create="60m")
_FILES_LABEL, _SECRETS_LABEL = "trugen-llm.files", "trugen-llm.secrets"


@dataclass(frozen=True)
class _Places:
    """What the container is put into."""

    image_id: pulumi.Input[str]
    network: pulumi.Input[str]
    volume: pulumi.Input[str]
    secrets_mark: pulumi.Input[str] | None


class LlmServer(pulumi.ComponentResource):
    """
    One engine: image, network, volume for what it fetches, container. *secret_files* are put into the volume.

    The process is root without any capability, as the images keep their caches in root's home. Processes are not
    counted: the docker provider has no such input. Memory is, without swap.
    """

    base_url: pulumi.Output[str]
    """OpenAI-compatible root, `http://127.0.0.1:<port>/v1`."""
    api_url: pulumi.Output[str]
    """The engine's own API: the same without `/v1`."""
    container_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: SelfHosted,
        opts: pulumi.ResourceOptions,
        secret_files: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> None:
        # Its type when Ollama was the only engine: the alias keeps the containers of then.
        renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="trugen-llm:index:OllamaServer")])
        super().__init__("trugen-llm:index:LlmServer", name, {}, pulumi.ResourceOptions.merge(opts, renamed))
        self._names = Names(pulumi.get_project(), pulumi.get_stack(), name)
        spec = container_spec(args)
        image = docker.RemoteImage(
            f"{name}-image",
            name=spec.image,
            keep_locally=True,
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=_IMAGE_PULL),
        )
        # An image that turns out not to exist then leaves nothing in Docker.
        after_image = pulumi.ResourceOptions(depends_on=[image])
        network = docker.Network(
            f"{name}-network",
            name=self._names.container,
            driver="bridge",
            labels=_labels(docker.NetworkLabelArgs, self._names.owner),
            opts=pulumi.ResourceOptions.merge(self._child(left_overs.remove_network), after_image),
        )
        # The logical name is of then, too.
        volume = docker.Volume(
            f"{name}-models",
            name=self._names.volume(args.engine),
            labels=_labels(docker.VolumeLabelArgs, self._names.owner),
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), after_image),
        )
        mark = (
            SecretFiles(name, image.image_id, volume.name, secret_files, pulumi.ResourceOptions(parent=self)).mark
            if secret_files
            else None
        )
        places = _Places(image.image_id, network.name, volume.name, mark)
        container = self._container(name, args, spec, places)
        self.container_id = container.id
        self.api_url = pulumi.Output.from_input(f"http://127.0.0.1:{args.port}")
        self.base_url = pulumi.Output.from_input(f"http://127.0.0.1:{args.port}/v1")
        self.register_outputs({})

    def _container(self, name: str, args: SelfHosted, spec: ContainerSpec, places: _Places) -> docker.Container:
        engine = args.facts
        opts = self._child(left_overs.remove_container)
        opts.replace_on_changes = _SILENTLY_IGNORED
        # Said again here: for a replace that only `replace_on_changes` asks for, the engine would create first.
        opts.delete_before_replace = True
        return docker.Container(
            f"{name}-container",
            name=self._names.container,
            image=places.image_id,
            entrypoints=spec.entrypoint,
            command=spec.command or None,
            user=engine.user,
            envs=[f"{key}={value}" for key, value in sorted(spec.env.items())],
            ports=[docker.ContainerPortArgs(ip="127.0.0.1", external=args.port, internal=engine.port, protocol="tcp")],
            network_mode="bridge",
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=places.network)],
            volumes=_volumes(engine.cache_path, spec, places),
            labels=_labels(docker.ContainerLabelArgs, self._marks(spec, places)),
            gpus=spec.gpus,
            devices=[docker.ContainerDeviceArgs(host_path=path) for path in spec.devices] or None,
            group_adds=_numbers_of(spec.groups) or None,
            shm_size=spec.shm_mib,
            memory=args.memory_mib,
            memory_swap=args.memory_mib,
            cpus=None if args.cpus is None else f"{args.cpus:g}",
            restart=args.restart,
            must_run=True,
            read_only=True,
            tmpfs={"/tmp": engine.scratch},  # noqa: S108 - inside the container, so nobody else can race for it
            log_driver="json-file",
            log_opts={"max-file": "3", "max-size": "10m"},
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            security_opts=["no-new-privileges:true"],
            # Go's own spelling of durations, all fields given: anything else is a diff on every run.
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=engine.healthcheck,
                interval="30s",
                timeout="10s",
                start_period="1m0s",
                start_interval="0s",
                retries=3,
            ),
            opts=opts,
        )

    def _marks(self, spec: ContainerSpec, places: _Places) -> Mapping[str, pulumi.Input[str]]:
        """Labels; those that change with the content of a mounted file make a new container, which reads it again."""
        marks: dict[str, pulumi.Input[str]] = dict(self._names.owner)
        if spec.mounts:
            marks[_FILES_LABEL] = mark_of(spec.mounts.values())
        if places.secrets_mark is not None:
            marks[_SECRETS_LABEL] = places.secrets_mark
        return marks

    def _child(self, remove: Callable[[str, Mapping[str, str]], None]) -> pulumi.ResourceOptions:
        """A child that first clears away what an interrupted run left under its name."""
        names = self._names

        def before_create(_: pulumi.ResourceHookArgs) -> None:
            remove(names.container, names.owner)

        return pulumi.ResourceOptions(parent=self, hooks=pulumi.ResourceHookBinding(before_create=[before_create]))


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


def _labels(kind: Callable[..., Label], values: Mapping[str, pulumi.Input[str]]) -> list[Label]:
    return [kind(label=label, value=value) for label, value in sorted(values.items())]

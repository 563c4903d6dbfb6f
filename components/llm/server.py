"""An engine in a hardened container of its own, reachable from this machine only."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pulumi
import pulumi_docker as docker

from components.llm import left_overs
from components.llm.document import OllamaLlm
from components.llm.engines import OLLAMA
from components.llm.names import Names

# The docker provider neither updates nor replaces on these (kreuzwerker/terraform-provider-docker#988).
_SILENTLY_IGNORED = ["healthcheck", "tmpfs"]
Label = TypeVar("Label")
# The engine's only writable place beside the models; inside the container, so nobody else can race for it.
_TMPFS = {"/tmp": "rw,noexec,nosuid,size=256m"}  # noqa: S108 - see above
_IMAGE_PULL = pulumi.CustomTimeouts(create="60m")


class OllamaServer(pulumi.ComponentResource):
    """
    One Ollama: image, network, model volume, container.

    The process is root without any capability, as the image keeps models in root's home. Processes are not counted: the
    docker provider has no such input. Memory is, without swap.
    """

    base_url: pulumi.Output[str]
    """OpenAI-compatible root, `http://127.0.0.1:<port>/v1`."""
    api_url: pulumi.Output[str]
    """Ollama's own API: the same without `/v1`."""
    container_id: pulumi.Output[str]
    engine: pulumi.Output[str]

    def __init__(self, name: str, args: OllamaLlm, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("trugen-llm:index:OllamaServer", name, {}, opts)
        names = Names(pulumi.get_project(), pulumi.get_stack(), name)
        image = docker.RemoteImage(
            f"{name}-image",
            name=args.image,
            keep_locally=True,
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=_IMAGE_PULL),
        )
        # An image that turns out not to exist then leaves nothing in Docker.
        after_image = pulumi.ResourceOptions(depends_on=[image])
        network = docker.Network(
            f"{name}-network",
            name=names.container,
            driver="bridge",
            labels=_labels(docker.NetworkLabelArgs, names),
            opts=pulumi.ResourceOptions.merge(_child(self, left_overs.remove_network, names), after_image),
        )
        volume = docker.Volume(
            f"{name}-models",
            name=names.volume,
            labels=_labels(docker.VolumeLabelArgs, names),
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), after_image),
        )
        container = self._container(name, args, names, image.image_id, network.name, volume.name)
        self.container_id = container.id
        self.engine = pulumi.Output.from_input(OLLAMA.name)
        self.api_url = pulumi.Output.from_input(f"http://127.0.0.1:{args.port}")
        self.base_url = pulumi.Output.from_input(f"http://127.0.0.1:{args.port}/v1")
        self.register_outputs({})

    def _container(
        self,
        name: str,
        args: OllamaLlm,
        names: Names,
        image_id: pulumi.Input[str],
        network: pulumi.Input[str],
        volume: pulumi.Input[str],
    ) -> docker.Container:
        opts = _child(self, left_overs.remove_container, names)
        opts.replace_on_changes = _SILENTLY_IGNORED
        # Said again here: for a replace that only `replace_on_changes` asks for, the engine would create first.
        opts.delete_before_replace = True
        return docker.Container(
            f"{name}-container",
            name=names.container,
            image=image_id,
            envs=[f"{key}={value}" for key, value in sorted(_env(args).items())],
            ports=[docker.ContainerPortArgs(ip="127.0.0.1", external=args.port, internal=OLLAMA.port, protocol="tcp")],
            network_mode="bridge",
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network)],
            volumes=[docker.ContainerVolumeArgs(volume_name=volume, container_path=OLLAMA.models_path)],
            labels=_labels(docker.ContainerLabelArgs, names),
            gpus=_gpus(args),
            memory=args.memory_mib,
            memory_swap=args.memory_mib,
            cpus=None if args.cpus is None else f"{args.cpus:g}",
            restart=args.restart,
            must_run=True,
            read_only=True,
            tmpfs=_TMPFS,
            log_driver="json-file",
            log_opts={"max-file": "3", "max-size": "10m"},
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            security_opts=["no-new-privileges:true"],
            # Go's own spelling of durations, all fields given: anything else is a diff on every run.
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=OLLAMA.healthcheck,
                interval="30s",
                timeout="10s",
                start_period="1m0s",
                start_interval="0s",
                retries=3,
            ),
            opts=opts,
        )


def _env(args: OllamaLlm) -> dict[str, str]:
    env = {
        **OLLAMA.env,
        "OLLAMA_KEEP_ALIVE": args.keep_alive,
        "OLLAMA_NUM_PARALLEL": str(args.parallel),
    }
    if args.context_length is not None:
        env["OLLAMA_CONTEXT_LENGTH"] = str(args.context_length)
    return env


def _gpus(args: OllamaLlm) -> str | None:
    if args.gpu == "off":
        return None
    return "all" if args.gpu == "all" else f"device={','.join(args.gpu)}"


def _labels(kind: Callable[..., Label], names: Names) -> list[Label]:
    return [kind(label=label, value=value) for label, value in sorted(names.owner.items())]


def _child(
    parent: pulumi.Resource, remove: Callable[[str, Mapping[str, str]], None], names: Names
) -> pulumi.ResourceOptions:
    """A child that first clears away what an interrupted run left under its name."""

    def before_create(_: pulumi.ResourceHookArgs) -> None:
        remove(names.container, names.owner)

    return pulumi.ResourceOptions(parent=parent, hooks=pulumi.ResourceHookBinding(before_create=[before_create]))

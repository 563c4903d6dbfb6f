"""
How long does `pulumi up` take when nothing has changed, and how much of it is ours?

Three programs in turn, with the same engine and the same options (refresh in every phase): an empty one (the engine's
floor), one with the four Docker resources of our server and nothing of ours, and the local stack: those four, model,
gate, agent, sandbox. The second is there because the Docker provider waits two seconds before it reads a network
(kreuzwerker/terraform-provider-docker, `networkReadRefreshDelay`), whoever uses it.
"""

import statistics
import tempfile
import time
from pathlib import Path

from tests.fixtures.deployment import Deployment

ROUNDS = 7
_DOCKER_ONLY = """
import pulumi_docker as docker

image = docker.RemoteImage("image", name="ollama/ollama:0.24.0", keep_locally=True)
network = docker.Network("network", driver="bridge")
volume = docker.Volume("volume")
docker.Container(
    "container",
    image=image.image_id,
    must_run=True,
    network_mode="bridge",
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
    volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path="/root/.ollama")],
)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        deployments = {
            "empty program": _program(Path(folder) / "empty", '"""Nothing."""\n'),
            "Docker resources": _program(Path(folder) / "docker", _DOCKER_ONLY),
            "local stack": Deployment(Path(folder) / "ours", "noop"),
        }
        try:
            for deployment in deployments.values():
                deployment.deployed()
            for words in ((), ("--skip-preview",)):
                seconds: dict[str, list[float]] = {name: [] for name in deployments}
                for _ in range(ROUNDS):
                    for name, deployment in deployments.items():
                        seconds[name].append(_seconds(deployment, *words))
                _report(" ".join(("pulumi up", *words)), seconds)
        finally:
            for deployment in deployments.values():
                deployment.destroy()


def _program(folder: Path, text: str) -> Deployment:
    deployment = Deployment(folder, folder.name)
    (deployment.folder / "__main__.py").write_text(text)
    return deployment


def _seconds(deployment: Deployment, *words: str) -> float:
    start_s = time.monotonic()
    result = deployment.up("--expect-no-changes", *words)
    took_s = time.monotonic() - start_s
    assert result.status == 0, result.printed
    return took_s


def _report(command: str, seconds: dict[str, list[float]]) -> None:
    print(f"`{command}`, nothing to change, {ROUNDS} rounds in turn")
    for name, column in seconds.items():
        median = statistics.median(column)
        print(f"  {name:<18} min {min(column):.2f} s   median {median:.2f} s   max {max(column):.2f} s")
    ours = seconds["local stack"]
    for name in ("empty program", "Docker resources"):
        above = statistics.median(mine - other for mine, other in zip(ours, seconds[name], strict=True))
        ratio = statistics.median(mine / other for mine, other in zip(ours, seconds[name], strict=True))
        print(f"  local stack above {name}: {above:.2f} s ({ratio:.2f} times)")


if __name__ == "__main__":
    main()

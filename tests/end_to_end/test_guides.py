"""
Each guide of docs/guides is followed to the letter. What stands in a test's table of differences is all that differs
from the page.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import yaml

from air_gapped import pins
from tests.fixtures.deployment import free_port
from tests.fixtures.guide import Difference, follow
from tests.fixtures.guide_world import MODEL, PROVIDER, World
from tests.fixtures.hand_made import agent

pytestmark = pytest.mark.docker

CUSTOM = {"provider": "custom", "model": MODEL, "url": f"https://{PROVIDER}/openai/v1", "token": "made-by-hand"}
HOST = "llm.example.com"
GGUF = f".cache/models/{pins.GGUF_NAME}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("guides")) as world:
        yield world


def named(page: str, here: str) -> list[Difference]:
    """Docker has one name space on this machine, and somebody may have followed the guide already."""
    why = "names of containers must be free"
    spellings = ("Pulumi.{}.yaml", "STACK={}", "--stack {}", "stack init {}", "stack '{}'", "trugen-llm-{}-")
    return [Difference(one.format(page), one.format(here), why) for one in spellings]


@contextmanager
def removed(world: World, stack: str, engine: docker.DockerClient) -> Iterator[None]:
    """Whatever becomes of the guide, nothing of *stack* stays in Docker."""
    try:
        yield
    finally:
        with world.shell() as shell:
            shell.run(f"pulumi destroy --yes --skip-preview --stack {stack}")
        left = engine.containers.list(all=True, filters={"label": f"trugen-llm.stack={stack}"})
        for container in left:
            container.remove(force=True)
    assert left == []


def test_first_agent(world: World, engine: docker.DockerClient) -> None:
    stack = f"e2e-{secrets.token_hex(3)}"
    ports = {21434: free_port(), 21435: free_port(), 21436: free_port()}
    stacks = world.checkout.folder / "stacks"
    local = (stacks / "Pulumi.local.yaml").read_text()
    for page, here in ports.items():
        local = local.replace(str(page), str(here))
    copied = yaml.safe_load(local)
    del copied["encryptionsalt"]
    (stacks / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(copied))
    why = "the local stack may be deployed on this machine"

    with removed(world, stack, engine), world.shell() as shell:
        follow(
            "first-agent",
            world.checkout.folder,
            shell,
            differences=[
                Difference("--stack local", f"--stack {stack}", why),
                Difference("make up", f"make up STACK={stack}", why),
                Difference("make down", f"python -m components down --stack {stack}", "others use the Docker engine"),
                Difference(":21434", f":{ports[21434]}", why),
            ],
        )
        assert engine.containers.list(all=True, filters={"label": f"trugen-llm.stack={stack}"}) == []


@pytest.fixture(scope="module")
def hosted(world: World) -> World:
    """With the stack `hosted`, by its guide."""
    asks = "asks for it at a keyboard, which a test has not"
    command = "pulumi config set --secret --path llmTokens.main --stack hosted"
    follow(
        "hosted-llm",
        world.checkout.folder,
        world.shell(),
        differences=[
            *world.typed("hosted"),
            Difference(command, f"printf %s {world.provider_key} | {command}", asks),
        ],
    )
    return world


def test_hosted_llm(hosted: World) -> None:
    (agent,) = (one for one in hosted.trugen.agents() if one["agent_name"].startswith("Reception"))

    assert agent["avatars"][0]["config"]["llm"]["url"] == "https://api.groq.com/openai/v1"


def test_move_agents_in(world: World) -> None:
    for body in (agent("Empfang"), agent("Night desk"), agent("Own model", llm=CUSTOM)):
        world.trugen.call("POST", "/ext/agent", body).raise_for_status()
    before = world.trugen.agents()
    command = "pulumi config set --secret --path llmTokens.gpt-oss-20b --stack team"

    follow(
        "move-agents-in",
        world.checkout.folder,
        world.shell(),
        differences=[
            *world.typed("hosted")[1:],
            Difference("TRUGEN_API_KEY=<key>", f"TRUGEN_API_KEY={world.trugen_key}", "a key"),
            Difference(command, f"printf %s {world.provider_key} | {command}", "asks for it at a keyboard"),
        ],
    )

    assert [one["id"] for one in world.trugen.agents()] == [one["id"] for one in before]


@dataclass(frozen=True)
class Box:
    """The stack `box`, by its guide, under a name and on ports of its own."""

    stack: str
    differences: list[Difference]


@pytest.fixture(scope="module")
def box(world: World, engine: docker.DockerClient) -> Iterator[Box]:
    stack, port, private = f"e2e-{secrets.token_hex(3)}", free_port(), free_port()
    ssl, models = world.checkout.folder / ".cache" / "ssl", world.checkout.folder / ".cache" / "models"
    put_certificate(world, ssl, "first")
    for name in ("support", "support-2"):
        (models / f"{name}-Q4_K_M.gguf").hardlink_to(models / pins.GGUF_NAME)
    world.internet.pass_through(HOST, port)
    ours = [
        *named("box", stack),
        Difference("gpu: all\n      contextLength: 8192", "threads: 1\n      contextLength: 2048", "no GPU is here"),
        Difference("engine: llama.cpp", f"engine: llama.cpp\n      image: {pins.LLAMA_CPP_IMAGE}", "built, not pulled"),
        Difference("port: 443", f"port: {port}", "is often taken"),
        Difference("privatePort: 11435", f"privatePort: {private}", "is often taken"),
        Difference("gateway:\n        tls", "gateway:\n        drainS: 2\n        tls", "nobody is on the line"),
        Difference(f"https://{HOST}/v1", f"https://{HOST}:{port}/v1", "see `port`"),
        Difference("/srv/models", str(models), "no such folder"),
        Difference("/etc/ssl/llm", str(ssl), "no such folder"),
    ]
    with removed(world, stack, engine):
        with world.shell() as shell:
            differences = [*ours, *world.typed("box")]
            follow("your-own-gpu-box", world.checkout.folder, shell, differences=differences)
        yield Box(stack, ours)


def put_certificate(world: World, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    issued = world.internet.authority.issue(name, hostname=HOST)
    shutil.copy(issued.certificate, folder / "fullchain.pem")
    shutil.copy(issued.key, folder / "privkey.pem")


def test_your_own_gpu_box(world: World, box: Box) -> None:
    urls = {one["avatars"][0]["config"]["llm"]["url"] for one in world.trugen.agents()}

    assert any(url.startswith(f"https://{HOST}:") for url in urls), urls

